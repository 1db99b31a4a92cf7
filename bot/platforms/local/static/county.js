// What this browser knows of the county: a snapshot, then everything that happens, in order.

import { knows, say } from "./words.js";
import { sizeOf } from "./dom.js";

export const county = {
  boot: "", name: "", zone: "", controllable: false, largestFile: 0, clock: null,
  people: [], groups: [], notes: [], chats: new Map(),
};
export const changes = new EventTarget();
const tell = (kind, detail) => changes.dispatchEvent(new CustomEvent(kind, { detail }));

export class Refusal extends Error {
  constructor(sentence, word = "") { super(sentence); this.sentence = sentence; this.word = word; }
}

export function room(chat) {
  if (!county.chats.has(chat)) county.chats.set(chat, { messages: new Map(), said: 0, latest: null, loaded: false });
  return county.chats.get(chat);
}

export const personOf = (id) => county.people.find((person) => person.id === id);
export const nameOf = (chat) =>
  county.people.find((person) => person.chat === chat)?.name ?? county.groups.find((group) => group.chat === chat)?.title ?? chat;

// Read marks last as long as the tab and the run of the bot they belong to.
let read = {};
export function recallRead() {
  try { read = JSON.parse(sessionStorage.getItem(`read:${county.boot}`) ?? "{}"); } catch { read = {}; }
}
export const unread = (chat) => Math.max(0, room(chat).said - (read[chat] ?? 0));
export function markRead(chat) {
  if (!unread(chat)) return;
  read[chat] = room(chat).said;
  sessionStorage.setItem(`read:${county.boot}`, JSON.stringify(read));
  tell("read", chat);
}

function take(message) {
  const chat = room(message.chat);
  chat.said = Math.max(chat.said, message.nth);
  if (!chat.latest || message.number >= chat.latest.number) chat.latest = message;
}

function show(message) {
  const chat = room(message.chat);
  const known = chat.messages.get(message.id);
  if (known && known.revision >= message.revision) return false;
  chat.messages.set(message.id, message);
  return true;
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Refusal(say("no_answer"));
  return answer.json();
}

export async function open(chat) {
  const history = await ask(`chat?id=${encodeURIComponent(chat)}`);
  history.forEach(show);
  room(chat).loaded = true;
}

async function send(path, body, type) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body, headers: { "Content-Type": type } });
  } catch {
    throw new Refusal(say("no_answer"));
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const sentence = say(knows(told.error) ? told.error : "failed", { size: sizeOf(county.largestFile) });
  throw new Refusal(told.detail ? `${sentence}（${told.detail}）` : sentence, told.error);
}
export const post = (path, body) => send(path, JSON.stringify(body), "application/json");
export const upload = (file) =>
  send(`uploads?name=${encodeURIComponent(file.name)}`, file, file.type || "application/octet-stream");

export async function refresh(afresh = true) {
  const state = await ask("state");
  if (state.boot !== county.boot) county.chats.clear();
  Object.assign(county, {
    boot: state.boot, name: state.county, zone: state.zone, controllable: state.controllable,
    largestFile: state.largest_file, clock: state.clock, people: state.people, groups: state.groups, notes: state.notes,
  });
  recallRead();
  for (const message of state.latest) take(message);
  if (afresh) for (const chat of county.chats.values()) chat.loaded = false;
  tell("county");
  return state.mark;
}

// Somebody may have joined, or a group been bound: look again, once, shortly after.
let looking = 0;
export function lookAgain() {
  clearTimeout(looking);
  looking = setTimeout(() => refresh(false).catch(() => {}), 300);
}

const HEARD = {
  message(data) {
    take(data);
    tell("message", { message: data, fresh: show(data) });
    if (data.chat.startsWith("g:") && !county.groups.some((group) => group.chat === data.chat)) lookAgain();
  },
  note(data) {
    if (county.notes.some((note) => note.number === data.number)) return;
    county.notes.push(data);
    tell("note", data);
  },
  clock(data) { county.clock = data; tell("clock"); },
  reload() { refresh().catch(() => {}); },
};

export async function follow() {
  const mark = await refresh();
  let feed;
  const connect = (after) => {
    feed = new EventSource(`feed?after=${encodeURIComponent(after)}`);
    let last = after;
    feed.onopen = () => tell("link", true);
    feed.onerror = () => {
      tell("link", false);
      if (feed.readyState === EventSource.CLOSED) setTimeout(connect, 2000, last);
    };
    for (const [kind, heard] of Object.entries(HEARD)) {
      feed.addEventListener(kind, (event) => {
        last = event.lastEventId || last;
        heard(JSON.parse(event.data));
      });
    }
  };
  connect(mark);
}
