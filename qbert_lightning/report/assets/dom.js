// Elements of the page. Text from the records enters the page here, as text only.

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null));
  return node;
}

function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child != null));
}

// A name that may break after its underscores and dots.
const breakable = (name) =>
  name.split(/(?<=[_.])/).flatMap((part, i) => (i ? [element("wbr"), part] : [part]));

const emptyState = (sentence) => element("p", { class: "empty" }, sentence);

function options(select, labels, chosen) {
  fill(select, labels.map((label, i) =>
    element("option", { value: i, selected: i === chosen }, label)));
}
