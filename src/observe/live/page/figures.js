// figures.js: how figures are written, and elements made of text: what came
// from clients is only ever put in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const LANGUAGE = document.documentElement.lang;
// The page's own words, in its language: the server puts them in.
const WORDS = /* words */ {};

// A label, its places filled: {0} by a figure, {0|one|many} by one of two words.
const say = (name, ...figures) =>
  WORDS[name].replace(/\{(\d)(?:\|([^|}]*)\|([^|}]*))?\}/g, (_, place, one, many) => {
    const figure = figures[place];
    if (one !== undefined) return figure === 1 ? one : many;
    return typeof figure === "number" ? count(figure) : figure;
  });

// An element. Children are nodes or strings; strings become text.
function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

function button(label, press, attributes = {}) {
  const node = el("button", { type: "button", ...attributes }, label);
  node.addEventListener("click", press);
  return node;
}

const MS = 1e6; // nanoseconds
const byId = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("en");
const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// Nanoseconds, with as many digits as a person reads.
function duration(ns) {
  if (ns === 0) return "0 µs";
  const size = Math.abs(ns);
  const [value, unit] = size < 1e6 ? [ns / 1e3, "µs"] : size < 1e9 ? [ns / 1e6, "ms"] : [ns / 1e9, "s"];
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : unit === "µs" ? 1 : 2;
  return `${value.toFixed(digits).replace("-", "−")} ${unit}`;
}

// The same, as a moment before or after the accept.
const moment = (ns) => (ns > 0 ? `+${duration(ns)}` : ns < 0 ? duration(ns) : "0");

// The same to the microsecond, for moments that lie close together.
function exactly(ns) {
  if (Math.abs(ns) < MS) return moment(ns);
  const digits = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  return `${ns < 0 ? "−" : "+"}${Math.abs(ns / MS).toLocaleString("en", digits)} ms`;
}

// A figure of a record: { is, value, … }, see docs/records.md.
const value = (figure) => (figure?.is === "not_visible" ? undefined : figure?.value);

// How something is known, as text beside a line of that style.
const known = (style, words) => el("span", { class: `known ${style}` }, words);

// RFC 3339 with nanoseconds, as milliseconds since 1970; Date keeps three digits alone.
function epoch(text) {
  const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(text) ?? [];
  return Date.parse(`${whole}Z`) + Number(`0.${fraction || 0}`) * 1000;
}

// A step of 1, 2 or 5 times a power of ten, so that about `marks` of them fill `span`.
function niceStep(span, marks) {
  const rough = span / marks;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

// Puts a bar where it belongs between `begin` and `end`.
function place(bar, from, to, begin, end) {
  const total = Math.max(end - begin, 1e-9);
  bar.style.left = `min(${((from - begin) / total) * 100}%, 100% - 3px)`;
  bar.style.width = `${Math.max(0, ((to - from) / total) * 100)}%`;
}

// What a person sees of characters that have no picture of their own, or that turn a line's direction.
const UNSEEN = new RegExp(
  [
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f]/,
    /[\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/,
  ]
    .map((characters) => characters.source)
    .join("|"),
  "gu",
);
const visible = (text) =>
  text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "␡" : `\\u${code.toString(16).padStart(4, "0")}`;
  });

// Hands the user a file.
const TAKEN = 2000; // milliseconds until it was taken
function saveFile(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), TAKEN);
}
