// The middle column: one chat, as a messenger shows it.

import { changes, county, lookAgain, markRead, nameOf, open, post, room } from "./county.js";
import { $, dayOf, el, face, hourOf, icon, refuse, sizeOf, toast } from "./dom.js";
import * as composer from "./composer.js";
import { kindOf, roleOf, speakerName } from "./people.js";
import { roleName, say } from "./words.js";

let current = "";
const bubbles = new Map();

export const isGroup = (chat) => chat.startsWith("g:");
export const speaker = () => (isGroup(current) ? $("as").value : current.slice(2));
export const chatNow = () => current;

export const isOpenable = (chat) => isGroup(chat) || county.people.some((person) => person.chat === chat);

export async function show(chat) {
  current = chat;
  bubbles.clear();
  $("stream").replaceChildren();
  if (!chat) return;
  head();
  composer.enter(chat);
  await load(chat);
}

async function load(chat) {
  try {
    if (!room(chat).loaded) await open(chat);
  } catch (error) { refuse(error); }
  if (chat !== current) return;
  draw();
  toEnd();
  markRead(chat);
}

function head() {
  const person = county.people.find((known) => known.chat === current);
  const group = county.groups.find((known) => known.chat === current);
  const name = nameOf(current);
  $("chat-face").replaceChildren(face(person || group ? name : "群", person ? kindOf(person) : "group"));
  $("chat-name").textContent = person || group ? name : say("new_group_short");
  $("chat-about").textContent = person
    ? [person.unit, person.title, person.roles.map(roleName).filter((role) => role !== person.title).join("、")].filter(Boolean).join(" · ")
    : group?.scope || say("not_bound");
}

function draw() {
  const list = $("stream");
  const messages = [...room(current).messages.values()].sort((one, other) => one.number - other.number);
  bubbles.clear();
  list.replaceChildren();
  if (!messages.length) {
    list.append(el("div", { className: "empty" }, el("p", {}, say("nothing_yet")), el("p", { className: "quiet" }, say("nothing_yet_text"))));
    return;
  }
  messages.forEach(add);
}

function add(message) {
  const list = $("stream");
  list.querySelector(".empty")?.remove();
  const before = list.lastElementChild?.dataset;
  const day = dayOf(message.at);
  if (before?.day !== day) list.append(el("p", { className: "day" }, day)), (list.lastElementChild.dataset.day = day);
  const node = bubble(message);
  node.dataset.day = day;
  node.dataset.sender = message.sender;
  if (before?.sender === message.sender && before?.day === day) node.classList.add("follows");
  bubbles.set(message.id, node);
  list.append(node);
}

function bubble(message) {
  const own = message.sender !== "";
  const pictures = message.files.filter((file) => file.picture);
  const others = message.files.filter((file) => !file.picture);
  const from = own ? (isGroup(current) ? speakerName(message.sender) : "") : "";
  const card = el("div", { className: "bubble" },
    from && el("bdi", { className: "from" }, from),
    ...pictures.map(picture),
    ...others.map(document_),
    message.text && el("p", { className: "text", dir: "auto" }, message.text),
    foot(message, own));
  const node = el("article", { className: `message ${own ? "own" : "bot"}` }, card);
  node.ariaLabel = `${own ? speakerName(message.sender) : say("bot")} ${hourOf(message.at)}`;
  if (message.buttons.length) node.append(keyboard(message));
  if (message.unsent) node.classList.add("failed");
  return node;
}

function foot(message, own) {
  const line = el("span", { className: "foot" });
  if (message.unsent) {
    line.append(el("span", { className: "alarm" }, say("unsent")), action("resend", () => resend(message)));
  }
  if (own && message.text && (!isGroup(current) || message.sender === speaker())) {
    const pen = action("edit", () => composer.edit(message));
    pen.className = "pen";
    pen.title = say("edit");
    pen.ariaLabel = say("edit");
    pen.replaceChildren(icon("pen"));
    line.append(pen);
  }
  if (message.edited) line.append(el("span", {}, say("edited")));
  line.append(el("time", { dateTime: message.at }, hourOf(message.at)));
  return line;
}

function action(word, act) {
  const node = el("button", { type: "button" }, say(word));
  node.addEventListener("click", act);
  return node;
}

function keyboard(message) {
  const board = el("div", { className: "keyboard" });
  for (const row of message.buttons) {
    const line = el("div", { className: "row" });
    for (const { label, data } of row) {
      const key = el("button", { type: "button", dir: "auto" }, label);
      key.addEventListener("click", () => press(board, key, message, data));
      line.append(key);
    }
    board.append(line);
  }
  return board;
}

async function press(board, key, message, data) {
  const keys = board.querySelectorAll("button");
  for (const other of keys) other.disabled = true;
  key.ariaBusy = "true";
  try {
    toast((await post("press", { chat: message.chat, sender: speaker(), message: message.id, data })).notice);
    lookAgain();
  } catch (error) { refuse(error); }
  key.ariaBusy = null;
  for (const other of keys) other.disabled = false;
}

async function resend(message) {
  try {
    toast((await post("again", { chat: message.chat, sender: message.sender, message: message.id })).notice);
  } catch (error) { refuse(error); }
}

function picture(file) {
  const image = el("img", { src: `files/${file.token}`, alt: file.name });
  const frame = el("button", { type: "button", className: "picture", ariaLabel: say("enlarge", { name: file.name }) }, image);
  frame.addEventListener("click", () => enlarge(file));
  return frame;
}

function document_(file) {
  return el("a", { className: "file", href: `files/${file.token}`, download: file.name },
    icon("file"), el("span", {}, el("bdi", {}, file.name), el("small", {}, sizeOf(file.size))));
}

function enlarge(file) {
  const viewer = $("viewer");
  viewer.querySelector("img").src = `files/${file.token}`;
  viewer.querySelector("img").alt = file.name;
  Object.assign(viewer.querySelector("a"), { href: `files/${file.token}`, download: file.name });
  viewer.showModal();
}

// Stay at the end while pictures load and the window changes, until somebody scrolls up.
let wasAtEnd = true;
let lastTop = 0;
function toEnd() {
  const list = $("messages");
  list.scrollTop = list.scrollHeight;
  lastTop = list.scrollTop;
  wasAtEnd = true;
}

function scrolled() {
  const list = $("messages");
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 60) wasAtEnd = true;
  else if (list.scrollTop < lastTop - 4) wasAtEnd = false;
  lastTop = list.scrollTop;
}

function heard({ detail: { message, fresh } }) {
  if (message.chat !== current || !fresh || !room(current).loaded) return;
  const old = bubbles.get(message.id);
  const follow = wasAtEnd || (message.sender && !old);
  if (old) replaceBubble(old, message);
  else add(message);
  if (follow) toEnd();
  if (document.visibilityState === "visible") markRead(current);
}

function replaceBubble(old, message) {
  const keys = [...old.querySelectorAll("button")];
  const focused = keys.indexOf(document.activeElement);
  const node = bubble(message);
  Object.assign(node.dataset, old.dataset);
  node.classList.toggle("follows", old.classList.contains("follows"));
  node.classList.add("changed");
  bubbles.set(message.id, node);
  old.replaceWith(node);
  if (focused >= 0) (node.querySelectorAll("button")[focused] ?? $("words")).focus({ preventScroll: true });
}

export function lastOwn() {
  return [...room(current).messages.values()].filter((message) => message.sender === speaker() && message.text).sort((a, b) => b.number - a.number)[0];
}

export function start() {
  changes.addEventListener("message", heard);
  changes.addEventListener("county", () => {
    if (!current) return;
    head();
    if (!room(current).loaded) load(current);
  });
  $("messages").addEventListener("scroll", scrolled);
  const size = new ResizeObserver(() => { if (wasAtEnd) toEnd(); });
  size.observe($("messages"));
  size.observe($("stream"));
  $("as").addEventListener("change", () => { sessionStorage.setItem("as", $("as").value); draw(); toEnd(); });
  document.addEventListener("visibilitychange", () => { if (current && document.visibilityState === "visible") markRead(current); });
  $("viewer").addEventListener("click", (event) => { if (!event.target.closest("a")) $("viewer").close(); });
}
