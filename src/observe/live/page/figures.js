// figures.js: how figures are written, and elements made of text: what came
// from clients is only ever put in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

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
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ""));
  return node;
}

const MS = 1e6; // nanoseconds
const byId = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("en");
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;
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
  const ms = Math.abs(ns / MS).toLocaleString("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  return `${ns < 0 ? "−" : "+"}${ms} ms`;
}

// Figures: { is, value, by | from | why }, see docs/records.md.

const WORDS = { measured: "measured", derived: "derived", not_visible: "not visible" };
const value = (figure) => (figure.is === "not_visible" ? undefined : figure.value);
const reason = (figure) => figure.by ?? figure.from ?? figure.why;
const measured = (value, by) => ({ is: "measured", value, by });
const derived = (value, from) => ({ is: "derived", value, from });
const notVisible = (why) => ({ is: "not_visible", why });

// How a figure is known, as text beside a line of that style.
function known(figure, what = "") {
  const words = `${what ? `${what} ` : ""}${WORDS[figure.is]}: ${reason(figure)}`;
  return el("span", { class: `known ${figure.is}` }, words);
}

// How long it is from one time to another, and how that is known.
function between(earlier, later, names) {
  const [from, to] = [value(earlier), value(later)];
  if (from === undefined) return notVisible(`${names[0]} is not visible: ${reason(earlier)}`);
  if (to === undefined) return notVisible(`${names[1]} is not visible: ${reason(later)}`);
  return derived(to - from, `from ${names[0]} to ${names[1]}`);
}

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

// What a person sees of bytes that have no picture of their own.
const visible = (text) => text.replace(/[\u0000-\u001f\u007f]/g, (character) =>
  String.fromCharCode(character === "\u007f" ? 0x2421 : 0x2400 + character.charCodeAt(0)));
