// What the address tells: "#sentences?gold=Other&page=2" is a tab and its values. Links change it, so the back button works.

// The address of a tab with values; empty ones are left out.
export function address(tab, values = {}) {
  const kept = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const query = new URLSearchParams(kept).toString();
  return `#${tab}${query ? `?${query}` : ""}`;
}

// The state of the present address: { tab, values }; the first tab where it names none, null where it is no tab's.
export function read(tabs) {
  const [tab, query] = splitOnce(window.location.hash.slice(1), "?");
  if (tab === "") return { tab: tabs[0], values: {} };
  return tabs.includes(tab) ? { tab, values: Object.fromEntries(new URLSearchParams(query)) } : null;
}

// Whether values differ from others in the page alone.
export function isTurned(before, values) {
  const rest = ({ page, ...others }) => address("", others);
  return (before.page ?? "1") !== (values.page ?? "1") && rest(before) === rest(values);
}

// Go to a tab with values; replacing does not add to the history, as for each letter of a search.
export function go(tab, values, { replacing = false } = {}) {
  if (!replacing) window.location.hash = address(tab, values);
  else {
    window.history.replaceState(null, "", address(tab, values));
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
