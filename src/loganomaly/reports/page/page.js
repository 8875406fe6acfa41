"use strict";
(() => {
  const packed = document.getElementById("plotly");
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const config = {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    showEditInChartStudio: false,
    modeBarButtonsToRemove: ["sendDataToCloud", "editInChartStudio", "select2d", "lasso2d", "autoScale2d"],
  };
  const drawn = new Set();
  let loading;
  let printing = false;

  async function unpacked() {
    const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script); // runs at once, if it is the one that the policy of this page names
    packed.remove();
    return globalThis.Plotly;
  }

  function over(base, more) {
    const result = { ...base };
    for (const [key, value] of Object.entries(more)) {
      const both = value && typeof value === "object" && !Array.isArray(value);
      result[key] = both ? over(base[key] ?? {}, value) : value;
    }
    return result;
  }

  function figureOf(element) {
    const figure = JSON.parse(element.querySelector("script.figure").textContent);
    const theme = themes[dark.matches && !printing ? "dark" : "light"];
    // What the chart itself says of an axis wins over the theme.
    figure.layout = over(theme, figure.layout);
    for (const axis of Object.keys(figure.layout).filter((key) => /^[xy]axis\d/.test(key))) {
      figure.layout[axis] = over(theme[axis.slice(0, 5)], figure.layout[axis]);
    }
    if (coarse) figure.layout.dragmode = false; // a finger on a chart scrolls the page
    if (element.clientWidth < 560) narrow(figure.layout);
    return figure;
  }

  function narrow(layout) {
    layout.margin = { ...layout.margin, l: 40, r: 4 };
    layout.xaxis = { ...layout.xaxis, nticks: 4 };
  }

  async function draw(element) {
    loading ??= unpacked();
    const plotly = await loading;
    if (!plotly) return;
    const plot = element.querySelector(".plot");
    const figure = figureOf(element);
    element.classList.add("drawn");
    try {
      await plotly.react(plot, figure.data, figure.layout, config);
    } catch (error) {
      element.classList.remove("drawn");
      throw error;
    }
    if (!drawn.has(element)) {
      drawn.add(element);
      plot.on("plotly_click", (event) => {
        const anchor = event.points[0]?.customdata;
        if (anchor && document.getElementById(anchor)) location.hash = anchor;
      });
    }
  }

  function redraw() {
    for (const element of drawn) draw(element).catch(() => {});
  }

  function unfold() {
    const target = document.getElementById(location.hash.slice(1));
    const folded = target?.closest("details");
    if (folded) {
      folded.open = true;
      target.scrollIntoView();
    }
  }

  if (packed && "DecompressionStream" in globalThis && "IntersectionObserver" in globalThis) {
    const observer = new IntersectionObserver(
      (entries) => {
        for (const entry of entries.filter((each) => each.isIntersecting)) {
          observer.unobserve(entry.target);
          draw(entry.target).catch(() => {}); // the drawing stays
        }
      },
      { rootMargin: "300px" },
    );
    for (const element of document.querySelectorAll("figure.chart")) observer.observe(element);
    dark.addEventListener("change", redraw);
  }

  let unfolded = [];
  addEventListener("beforeprint", () => {
    printing = true;
    unfolded = [...document.querySelectorAll("details.printed:not([open])")];
    for (const element of unfolded) element.open = true;
    redraw();
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const element of unfolded) element.open = false;
    redraw();
  });
  addEventListener("hashchange", unfold);
  unfold();
})();
