// What runs in the browser: choices become part of the address, and the server answers what the address says.
// Text of a log is only ever set as text.
(function () {
    "use strict";
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const narrow = window.matchMedia("(max-width: 760px)");
    const LISTS = ["severity", "component", "detector", "class", "tag", "file"];
    const FILTERS = ["q", "regex", ...LISTS, "incident", "score"];

    const ALWAYS = ["from", "to", "run", "theme"]; // there, even before they are drawn
    const setProps = (id, props) => {
        if (ALWAYS.includes(id) || document.getElementById(id)) window.dash_clientside.set_props(id, props);
    };

    function sorted(params) {
        const copy = new URLSearchParams(params);
        copy.sort();
        return copy.toString();
    }

    // Change parts of the address; null or an empty list takes one out.
    function go(changes, options = {}) {
        const params = new URLSearchParams(window.location.search);
        const before = sorted(params);
        for (const [name, value] of Object.entries(changes)) {
            params.delete(name);
            const values = Array.isArray(value) ? value : value === null || value === undefined || value === "" ? [] : [value];
            for (const each of values) params.append(name, String(each));
        }
        const query = params.toString();
        const path = options.path || window.location.pathname;
        if (sorted(params) === before && path === window.location.pathname) return;
        visit(path + (query ? "?" + query : ""), options.replace);
    }

    function visit(address, replace) {
        if (replace) window.history.replaceState({}, "", address);
        else window.history.pushState({}, "", address);
        window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    }

    const params = () => new URLSearchParams(window.location.search);
    const moment = (text) => (text ? text.replace("T", " ").replace(/(\.\d+)?(Z|\+00:00)$/, "") : "");

    // Plotly tells times without a zone; they are UTC.
    function utc(text) {
        const time = new Date(String(text).replace(" ", "T") + "Z");
        return Number.isNaN(time.getTime()) ? null : time.toISOString();
    }

    let lastFilters = null;
    let pause;
    // What controls said last. Only what differs from it was changed, by the user or by the address, which wins:
    // when a page is opened, controls tell what they begin with after the address was heard.
    const had = { from: "", to: "", run: "0" };
    function changed(values) {
        const changes = {};
        for (const [name, value] of Object.entries(values)) {
            const told = JSON.stringify(value);
            if (JSON.stringify(had[name]) !== told) changes[name] = value;
            had[name] = value;
        }
        return changes;
    }

    window.dash_clientside = Object.assign({}, window.dash_clientside, {
        loganomaly: {
            theme: () => (dark.matches ? "dark" : "light"),

            narrowed: (...values) => {
                if (!document.getElementById("filters")) return;
                const score = values[LISTS.length];
                const told = { score: score ? String(score) : "" };
                LISTS.forEach((name, n) => (told[name] = values[n] || []));
                go(changed(told));
            },

            // Dash could wait itself, but then puts the cursor back to where it was a moment ago: fast typing is mixed up.
            sought: (text, regex) => {
                if (!document.getElementById("filter-q")) return;
                window.clearTimeout(pause);
                pause = window.setTimeout(() => {
                    if (!document.getElementById("filter-q")) return;
                    go(changed({ q: text || "", regex: regex && regex.length ? "1" : "" }));
                }, 250);
            },

            spanned: (...told) => {
                const [from, to] = told.slice(-2);
                const changes = changed({ from: from || "", to: to || "" });
                const now = params();
                for (const name of Object.keys(changes)) {
                    if (changes[name] === moment(now.get(name))) delete changes[name];
                }
                go(changes);
            },

            chosen: (run) => {
                if (!("run" in changed({ run: run || "0" })) || had.run === (params().get("run") || "0")) return;
                visit(window.location.pathname + (had.run === "0" ? "" : "?run=" + encodeURIComponent(had.run)));
            },

            zoomed: (data) => {
                if (!data) return;
                if (data["xaxis.autorange"]) return go({ from: "", to: "" });
                const range = data["xaxis.range"] || [data["xaxis.range[0]"], data["xaxis.range[1]"]];
                if (range[0] === undefined || range[1] === undefined) return;
                const from = utc(range[0]);
                const to = utc(range[1]);
                if (from && to) go({ from: from, to: to });
            },

            marked: (data) => {
                const point = data && data.points && data.points[0];
                if (point && typeof point.customdata === "string") go({ finding: point.customdata, template: "" });
            },

            barred: (data) => {
                const point = data && data.points && data.points[0];
                if (point && typeof point.customdata === "string") go({ template: point.customdata, finding: "" });
            },

            row_opened: (cell) => {
                if (cell && cell.rowId) go({ finding: cell.rowId, template: "" });
            },

            template_opened: (cell) => {
                if (cell && cell.rowId) go({ template: cell.rowId, finding: "" });
            },

            // The address has changed, by whatever: choices follow it, and tables ask anew.
            followed: () => {
                const now = params();
                const from = moment(now.get("from"));
                const to = moment(now.get("to"));
                setProps("from", { value: from });
                setProps("to", { value: to });
                const reset = document.getElementById("zoom-reset");
                if (reset) reset.hidden = !(from || to);
                setProps("run", { value: now.get("run") || "0" });
                const q = now.get("q") || "";
                if (q !== had.q) setProps("filter-q", { value: q }); // or it would take away what is being typed
                setProps("filter-regex", { value: now.get("regex") === "1" ? ["1"] : [] });
                for (const name of LISTS) setProps("filter-" + name, { value: now.getAll(name) });
                const score = now.get("score") || "";
                if (score !== had.score) setProps("filter-score", { value: score ? Number(score) : null });
                const filters = JSON.stringify([...FILTERS, "from", "to", "run"].map((name) => now.getAll(name)));
                if (lastFilters !== null && filters !== lastFilters) refresh();
                lastFilters = filters;
            },

            opened: (hidden) => {
                document.body.classList.toggle("with-detail", !hidden);
                if (!hidden) {
                    const title = document.getElementById("detail-title");
                    const panel = document.getElementById("detail");
                    const now = params();
                    const open = now.get("finding") || now.get("template");
                    if (title && panel.dataset.open !== open) {
                        panel.dataset.open = open;
                        panel.scrollTop = 0;
                        title.focus({ preventScroll: true });
                    }
                } else {
                    const panel = document.getElementById("detail");
                    if (panel) delete panel.dataset.open;
                }
            },
        },
    });

    function grids() {
        return ["finding-grid", "template-grid"].filter((id) => document.getElementById(id));
    }

    function refresh() {
        for (const id of grids()) {
            window.dash_ag_grid.getApiAsync(id).then((api) => {
                api.ensureIndexVisible && api.getDisplayedRowCount() && api.ensureIndexVisible(0);
                api.purgeInfiniteCache();
            });
        }
    }

    // On narrow screens a table has the columns that matter most.
    const NARROW = { "finding-grid": ["score", "severity", "name"], "template-grid": ["count", "log_template", "severity"] };
    function fit(id) {
        window.dash_ag_grid.getApiAsync(id).then((api) => {
            const all = (api.getColumns() || []).map((column) => column.getColId());
            const kept = narrow.matches ? NARROW[id] : all;
            api.setColumnsVisible(all.filter((name) => !kept.includes(name)), false);
            api.setColumnsVisible(kept, true);
            api.setColumnWidths([["score", 78, 100], ["severity", 112, 122], ["count", 78, 100]]
                .filter(([name]) => all.includes(name))
                .map(([name, small, wide]) => ({ key: name, newWidth: narrow.matches ? small : wide })));
            // Only rows that are there can be made higher.
            const high = () => api.setGridOption("rowHeight", narrow.matches ? 58 : 34);
            if (api.getDisplayedRowAtIndex(0)?.data) high();
            else api.addEventListener("firstDataRendered", high);
        });
    }
    narrow.addEventListener("change", () => grids().forEach(fit));
    // Dash names its lists after what is chosen in them alone.
    function name(list) {
        const label = list.id + "-label";
        const names = list.getAttribute("aria-labelledby") || "";
        if (document.getElementById(label) && !names.includes(label)) {
            list.setAttribute("aria-labelledby", (label + " " + names).trim());
        }
    }

    const fitted = new WeakSet();
    new MutationObserver(() => {
        document.querySelectorAll("button.dash-dropdown[id]").forEach(name);
        for (const id of grids()) {
            const grid = document.getElementById(id);
            if (window.dash_ag_grid && !fitted.has(grid)) {
                fitted.add(grid);
                if (narrow.matches) fit(id);
            }
        }
    }).observe(document.documentElement, { childList: true, subtree: true });

    dark.addEventListener("change", () => setProps("theme", { data: dark.matches ? "dark" : "light" }));

    function close() {
        go({ finding: "", template: "" });
    }

    function clear() {
        // Also what is not in the address yet.
        setProps("filter-q", { value: "" });
        setProps("filter-regex", { value: [] });
        setProps("filter-score", { value: null });
        for (const name of LISTS) setProps("filter-" + name, { value: [] });
        go(Object.fromEntries(FILTERS.map((name) => [name, ""])));
    }

    async function copy(what) {
        const source = what === "address" ? null : document.getElementById(what);
        const text = source ? source.textContent : window.location.href;
        let done = true;
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            // Only pages that came over a safe way have a clipboard.
            const field = document.createElement("textarea");
            field.value = text;
            document.body.append(field);
            field.select();
            done = document.execCommand("copy");
            field.remove();
        }
        const told = document.getElementById("copied");
        if (told) told.textContent = done ? "Copied" : "The browser does not let the page copy";
    }

    document.addEventListener("click", (event) => {
        const target = event.target.closest("a[data-go], button");
        if (!target || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        if (target.dataset.go === "page") {
            event.preventDefault();
            visit(target.getAttribute("href"));
            window.scrollTo(0, 0);
        } else if (target.dataset.go === "open") {
            event.preventDefault();
            go({ finding: target.dataset.finding, template: target.dataset.template });
        } else if (target.dataset.copy) copy(target.dataset.copy);
        else if (target.id === "detail-close") close();
        else if (target.id === "filters-clear") clear();
        else if (target.id === "incident-clear") go({ incident: "" });
        else if (target.id === "zoom-reset") go({ from: "", to: "" });
        else if (target.id === "filters-toggle") {
            const open = document.getElementById("filters").classList.toggle("open");
            target.setAttribute("aria-expanded", String(open));
        }
    });

    document.addEventListener("keydown", (event) => {
        const inside = event.target.closest && event.target.closest("input, [role=listbox], [role=dialog]:not(#detail)");
        if (event.key === "Escape" && !inside && document.body.classList.contains("with-detail")) close();
        // In a table, Enter opens the row as a click does.
        if (event.key === "Enter" && event.target.closest) {
            const cell = event.target.closest(".ag-cell");
            const row = cell && cell.closest("[row-id]");
            const grid = cell && cell.closest("#finding-grid, #template-grid");
            if (row && grid) {
                const id = row.getAttribute("row-id");
                go(grid.id === "finding-grid" ? { finding: id, template: "" } : { template: id, finding: "" });
            }
        }
    });

    // Cells of tables.
    const make = (...parts) => window.React.createElement(...parts);
    window.dashAgGridComponentFunctions = Object.assign({}, window.dashAgGridComponentFunctions, {
        Severity: (props) => {
            if (!props.data) return null;
            const name = String(props.value || "UNKNOWN");
            return make("span", { className: "severity" },
                make("span", { className: "dot dot-" + name.replace(/\W/g, ""), "aria-hidden": "true" }),
                props.value || "no severity");
        },
        Score: (props) => {
            if (!props.data || typeof props.value !== "number") return null;
            return make("span", { className: "score" },
                make("span", null, props.value.toFixed(2)),
                make("span", { className: "bar" }, make("span", { style: { width: Math.round(100 * props.value) + "%" } })));
        },
        // Of names that begin alike, the end is what matters.
        Tail: (props) =>
            props.data ? make("span", { className: "tail", title: props.value }, make("bdi", null, props.value)) : null,
        Sparkline: (props) => {
            const values = props.value;
            if (!Array.isArray(values) || !values.length) return null;
            const most = Math.max(...values, 1);
            const step = 100 / values.length;
            return make("svg", { className: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", role: "img",
                    "aria-label": "records over time, at most " + most + " in a thirtieth of it" },
                values.map((value, n) => {
                    const height = value ? Math.max(1.5, (20 * value) / most) : 0;
                    return make("rect", { key: n, x: n * step, y: 20 - height, width: Math.max(step - 0.4, 0.5), height: height });
                }));
        },
    });
})();
