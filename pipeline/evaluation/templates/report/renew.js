// New parts in the place of old ones, so that who is at a control, or hears what was found, is not thrown out.

// Put parts into a parent. A part marked data-kept that is there already stays, and takes over what the new one says.
export function renew(parent, parts) {
  const there = new Map([...parent.children].filter((child) => child.dataset.kept).map((child) => [child.dataset.kept, child]));
  const wanted = parts.map((part) => takenOver(there.get(part.dataset.kept), part));
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((part, n) => {
    if (parent.children[n] !== part) parent.insertBefore(part, parent.children[n] ?? null);
  });
}

function takenOver(old, part) {
  if (!old) return part;
  if (part.tagName === "FORM") takeValues(old, part);
  else if (old.textContent !== part.textContent) old.textContent = part.textContent;
  return old;
}

// A control that already says it is left alone, with its cursor.
function takeValues(old, form) {
  for (const { name, value } of form.elements) {
    const control = name && old.elements.namedItem(name);
    if (control && control.value !== value) control.value = value;
  }
}

// After the parts of a tab are renewed: the focus to the start of another page of the list, or to what was found where the
// control that had it is gone. Args: had: whether the focus was in the parent; turned: whether only the page is another.
export function refocus(parent, had, turned) {
  const list = turned ? parent.querySelector(".cards") : null;
  if (list) {
    list.focus({ preventScroll: true });
    list.scrollIntoView();
  } else if (had && !parent.contains(document.activeElement)) {
    (parent.querySelector(".found") ?? parent.querySelector("h1")).focus();
  }
}
