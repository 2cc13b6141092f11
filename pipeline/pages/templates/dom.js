// Elements from plain calls. What data brings becomes text nodes and attribute values, never markup.

const SVG = "http://www.w3.org/2000/svg";

// An HTML element. Attributes that are null or false are left out; functions are listeners: { onclick: ... }.
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// The same in SVG.
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "style") setStyle(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Through the object model, for the page's policy forbids style attributes.
function setStyle(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}

// A number with the thousands apart.
export function count(n) {
  return n.toLocaleString("en");
}

// "1 sentence", "2 sentences".
export function counted(n, noun, nouns = `${noun}s`) {
  return `${count(n)} ${n === 1 ? noun : nouns}`;
}
