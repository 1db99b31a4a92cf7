// Making elements, and telling time and size. Data only ever becomes text, never markup.

import { english, language, say } from "./words.js";

export const $ = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// The last letters of a name, as a face in a circle; the hue belongs to the role.
export function face(name, kind) {
  if (kind === "group") return el("span", { className: "face group", ariaHidden: "true" }, icon("people"));
  const letters = [...name.trim()];
  const short = /^[\x20-\x7e]*$/.test(name) ? letters.slice(0, 1) : letters.slice(-2);
  return el("span", { className: `face ${kind}`, ariaHidden: "true" }, short.join(""));
}

let formats;
export function useZone(timeZone) {
  const of = (options) => new Intl.DateTimeFormat(language, { timeZone, hourCycle: "h23", ...options });
  formats = {
    hour: of({ hour: "2-digit", minute: "2-digit" }),
    day: of(english ? { weekday: "short", day: "numeric", month: "short" } : { month: "long", day: "numeric", weekday: "short" }),
    long: of(english ? { weekday: "long", day: "numeric", month: "long", year: "numeric" } : { year: "numeric", month: "long", day: "numeric" }),
    weekday: of({ weekday: "long" }),
  };
}

const spaced = (text) => (english ? text : text.replace(/日(?=[周星])/, "日 "));
export const hourOf = (moment) => formats.hour.format(new Date(moment));
export const dayOf = (moment) => spaced(formats.day.format(new Date(moment)));
export const dateOf = (moment) =>
  english ? formats.long.format(new Date(moment)) : `${formats.long.format(new Date(moment))} ${formats.weekday.format(new Date(moment))}`;

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 ** 2).toFixed(1).replace(/\.0$/, "")} MB`;
}

export function toast(text) {
  if (!text) return;
  const node = el("div", { className: "toast", dir: "auto" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 3000 + 90 * text.length);
}

export function refuse(error) {
  toast(error.sentence ?? say("no_answer"));
}
