"""What any page of ours has to be: usable by name and by key, no wider than its window, and made of text only."""

__all__ = ["accessibility_faults", "attacked", "focus_path", "scrolls_sideways", "shown_text"]

_FAULTS = """
() => {
  const shown = e => e.checkVisibility({visibilityProperty: true}) && !e.closest('[aria-hidden="true"], [inert]')
  const byId = ids => ids.split(/\\s+/).map(id => document.getElementById(id)?.textContent ?? '').join(' ')
  const label = e => e.labels ? [...e.labels].map(l => l.textContent).join(' ') : ''
  const alt = e => [...e.querySelectorAll('img[alt], svg[aria-label], [aria-label]')]
    .map(i => i.getAttribute('alt') ?? i.getAttribute('aria-label')).join(' ')
  const name = e => [e.getAttribute('aria-label'), byId(e.getAttribute('aria-labelledby') ?? ''), label(e),
    e.getAttribute('alt'), e.title, e.textContent, alt(e), e.placeholder, e.querySelector?.('title')?.textContent,
    ['submit', 'button'].includes(e.type) ? e.value : ''].find(text => text && text.trim())
  const told = e => e.outerHTML.slice(0, 200)
  const faults = []
  const named = 'button, a[href], input:not([type=hidden]), select, textarea, summary, dialog, iframe, ' +
    '[role=button], [role=link], [role=checkbox], [role=combobox], [role=textbox], [role=switch], [role=tab], ' +
    '[role=slider], [role=img], [role=dialog], [role=region]'
  for (const e of document.querySelectorAll(named)) if (shown(e) && !name(e)) faults.push('no name: ' + told(e))
  for (const e of document.querySelectorAll('img:not([alt])')) if (shown(e)) faults.push('no alt: ' + told(e))
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const at of ['aria-labelledby', 'aria-describedby'])
      if (e.getAttribute(at) && !byId(e.getAttribute(at)).trim() && shown(e))
        faults.push(at + ' of nothing: ' + told(e))
  const count = selector => [...document.querySelectorAll(selector)].filter(shown).length
  if (count('h1') !== 1) faults.push(`${count('h1')} h1`)
  if (count('main, [role=main]') !== 1) faults.push(`${count('main, [role=main]')} main`)
  if (!document.documentElement.lang) faults.push('no lang')
  if (!document.title.trim()) faults.push('no title')
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push('id twice: ' + id)
  for (const e of document.querySelectorAll('table'))
    if (shown(e) && !e.querySelector('th')) faults.push('no th: ' + told(e))
  for (const e of document.querySelectorAll('[tabindex]')) if (e.tabIndex > 0) faults.push('tabindex: ' + told(e))
  let last = 0
  for (const e of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    if (!shown(e)) continue
    const level = Number(e.tagName[1])
    if (level > last + 1) faults.push(`h${level} after h${last}: ` + told(e))
    last = level
  }
  return faults
}
"""
_ATTACKED = """
() => {
  const found = []
  if (window.pwned !== undefined) found.push('pwned by ' + window.pwned)
  for (const e of document.querySelectorAll('*')) {
    for (const a of e.attributes) {
      if (/^on/i.test(a.name) && /pwned/.test(a.value)) found.push(e.outerHTML.slice(0, 200))
      if (['href', 'src', 'action', 'xlink:href', 'formaction', 'data'].includes(a.name) &&
          /^\\s*(javascript:|(https?:)?\\/\\/planted)/i.test(a.value)) found.push(a.name + ': ' + a.value)
    }
    if (e.tagName === 'SCRIPT' && /^\\s*window\\.pwned/.test(e.textContent)) found.push(e.outerHTML.slice(0, 200))
  }
  return found
}
"""
_SIDEWAYS = """
() => {
  const root = document.scrollingElement
  const over = root.scrollWidth - root.clientWidth
  if (over <= 1) return ''
  const wide = [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1)
  return `${over} pixels: ` + wide.slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join(' | ')
}
"""
_FOCUSED = """
() => {
  const e = document.activeElement
  if (!e || e === document.body) return ''
  return (e.getAttribute('data-testid') || e.id || e.getAttribute('aria-label') || e.tagName) +
    (e.getAttribute('role') ? '/' + e.getAttribute('role') : '') + ':' + (e.textContent || '').trim().slice(0, 40)
}
"""


def accessibility_faults(page):
    """Return what a screen reader would miss: names, headings, landmarks. Contrast is not looked at."""
    return page.evaluate(_FAULTS)


def attacked(page):
    """Return what became of planted text where it is more than text: run scripts, links, handlers."""
    return page.evaluate(_ATTACKED)


def scrolls_sideways(page):
    """Return by how much, and because of what, a page is wider than its window; "" if it is not."""
    return page.evaluate(_SIDEWAYS)


def shown_text(page):
    """Return all text that the page shows."""
    return page.locator("body").inner_text()


def focus_path(page, *, presses, until=None):
    """Press Tab so often, or until *until* of what has the focus is true; return what had the focus, in this order."""
    path = []
    for _ in range(presses):
        page.keyboard.press("Tab")
        path.append(page.evaluate(_FOCUSED))
        if until and until(path[-1]):
            break
    return path
