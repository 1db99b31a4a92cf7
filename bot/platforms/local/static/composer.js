// Where one writes: words, files, and the correction of what was written.

import { county, lookAgain, post, upload } from "./county.js";
import { $, el, icon, refuse, sizeOf, toast } from "./dom.js";
import * as chat from "./chat.js";
import { fillPeople, officeId } from "./people.js";
import { say } from "./words.js";

const drafts = new Map();
let inChat = "";
let editing = null;
let picked = [];
let busy = false;

export function enter(next) {
  stopEditing();
  drafts.set(inChat, { words: $("words").value, picked });
  inChat = next;
  const draft = drafts.get(next);
  $("words").value = draft?.words ?? "";
  picked = draft?.picked ?? [];
  showPicked();
  $("speaker").hidden = !chat.isGroup(next);
  if (chat.isGroup(next)) fillPeople($("as"), sessionStorage.getItem("as") ?? officeId());
  grow();
  if (matchMedia("(hover: hover)").matches) $("words").focus({ preventScroll: true });
}

export function edit(message) {
  editing = message;
  $("editing").hidden = false;
  $("words").value = message.text;
  $("pick").disabled = true;
  grow();
  $("words").focus();
}

function stopEditing() {
  if (!editing) return;
  editing = null;
  $("editing").hidden = true;
  $("words").value = "";
  $("pick").disabled = false;
  grow();
}

function grow() {
  const words = $("words");
  words.style.height = "auto";
  words.style.height = `${Math.min(words.scrollHeight, 180)}px`;
  $("send").disabled = busy || !(words.value.trim() || picked.length);
}

function pick(files) {
  for (const file of files) {
    if (file.size > county.largestFile) toast(`${file.name}：${say("too_large", { size: sizeOf(county.largestFile) })}`);
    else picked.push(file);
  }
  showPicked();
  grow();
}

function showPicked() {
  $("picked").hidden = !picked.length;
  $("picked").replaceChildren(...picked.map((file) => {
    const drop = el("button", { type: "button", className: "icon", ariaLabel: `${say("remove")} ${file.name}` }, icon("close"));
    drop.addEventListener("click", () => { picked = picked.filter((other) => other !== file); showPicked(); grow(); });
    return el("li", {}, icon("file"), el("bdi", {}, file.name), el("small", {}, sizeOf(file.size)), drop);
  }));
}

function clear() {
  $("words").value = "";
  picked = [];
  showPicked();
  grow();
}

async function send() {
  const text = $("words").value;
  if (busy || !(text.trim() || picked.length)) return;
  busy = true;
  grow();
  const where = { chat: chat.chatNow(), sender: chat.speaker() };
  const files = picked;
  try {
    let told;
    if (editing) {
      const message = editing;
      stopEditing();
      told = await post("edit", { ...where, message: message.id, text });
    } else {
      const kept = [];
      for (const file of files) kept.push((await upload(file)).token);
      // The bubble comes back with the feed, sent or unsent: from here on nothing typed is lost.
      if (inChat === where.chat) clear();
      told = await post("say", { ...where, text, files: kept });
    }
    toast(told.notice);
    lookAgain();
  } catch (error) {
    const kept = error.word === "not_stored";
    if (!kept && inChat === where.chat && !$("words").value) { $("words").value = text; picked = files; showPicked(); }
    refuse(error);
  } finally {
    busy = false;
    grow();
  }
}

export function start() {
  const words = $("words");
  words.addEventListener("input", grow);
  words.addEventListener("keydown", (event) => {
    // Enter that ends a word of an input method is not Enter.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) { event.preventDefault(); send(); }
    if (event.key === "Escape") stopEditing();
    if (event.key === "ArrowUp" && !words.value) {
      const message = chat.lastOwn();
      if (message) { event.preventDefault(); edit(message); }
    }
  });
  words.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); pick(event.clipboardData.files); }
  });
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("edit-cancel").addEventListener("click", () => { stopEditing(); words.focus(); });
  $("pick").addEventListener("click", () => $("files").click());
  $("files").addEventListener("change", (event) => { pick(event.target.files); event.target.value = ""; words.focus(); });
  const talk = $("chat");
  talk.addEventListener("dragover", (event) => event.preventDefault());
  talk.addEventListener("drop", (event) => { event.preventDefault(); pick(event.dataTransfer.files); });
}
