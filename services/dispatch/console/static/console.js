// What the pages need beyond HTML and htmx: countdowns, a word when the connection is lost, and
// forms that keep what was typed until it has arrived.
"use strict";

// --- countdowns: computed from the due time each time, so a phone that slept shows the right one
const words = JSON.parse(document.documentElement.dataset.span);
const serverAhead = Number(document.documentElement.dataset.now) - Date.now();

function spanOf(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const [days, hours] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24];
  const minutes = Math.floor(seconds / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  if (days) return `${days}${words.day}${hours}${words.hour}`;
  if (hours) return `${hours}${words.hour}${two(minutes)}${words.minute}`;
  return `${minutes}${words.minute}${two(seconds % 60)}${words.second}`;
}

function countDown() {
  for (const clock of document.querySelectorAll("time[data-due]")) {
    const left = Number(clock.dataset.due) - (Date.now() + serverAhead);
    const text = (left <= 0 ? words.over : words.left).replace("{span}", spanOf(left));
    if (clock.textContent !== text) clock.textContent = text;
    clock.classList.toggle("over", left <= 0);
    clock.classList.toggle("soon", left > 0 && left <= 3_600_000);
  }
}
countDown();
setInterval(countDown, 1000);
for (const event of ["visibilitychange", "htmx:after:swap"]) document.addEventListener(event, countDown);

// --- live parts: say so when what is shown may be old
function connectionLost(lost) {
  document.body.classList.toggle("connection-lost", lost);
}
document.addEventListener("htmx:after:request", (event) => {
  if (event.target.matches("[data-live]")) connectionLost(event.detail.ctx.response?.status >= 500);
});
document.addEventListener("htmx:error", (event) => {
  const live = event.target.closest("[data-live]");
  if (live) connectionLost(true);
  const message = event.target.closest("form")?.querySelector(".form-message");
  if (message) {
    const notice = document.createElement("p");
    notice.className = "notice bad";
    notice.textContent = document.documentElement.dataset.notSent;
    message.replaceChildren(notice);
  }
});

// --- the bell: its count stands in the title; where somebody wants a tone, a higher count makes one.
// Browsers play it only once the page has been touched.
const titleOfPage = document.title;
let audio = null;
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, () => { audio ??= new AudioContext(); }, { once: true });
}
function playTone() {
  if (!audio) return;
  const [tone, volume] = [audio.createOscillator(), audio.createGain()];
  tone.frequency.value = 880;
  volume.gain.setValueAtTime(0.2, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.6);
}
document.addEventListener("htmx:after:swap", () => {
  const bell = document.querySelector("[data-alerts]");
  if (!bell) return;
  const count = Number(bell.dataset.alerts);
  document.title = count ? `(${count}) ${titleOfPage}` : titleOfPage;
  if (count > Number(sessionStorage.getItem("alerts") ?? count) && "sound" in bell.dataset) playTone();
  sessionStorage.setItem("alerts", count);
});

// --- forms marked data-draft: what was typed survives a reload, a crash, an empty battery
const draftKey = (form) => `draft ${form.getAttribute("action")} ${form.elements.version?.value ?? ""}`;
function fieldsOf(form) {
  return [...form.elements].filter((field) => field.matches("textarea, select, input[type=text]"));
}
for (const form of document.querySelectorAll("form[data-draft]")) {
  const typed = JSON.parse(sessionStorage.getItem(draftKey(form)) ?? "{}");
  for (const field of fieldsOf(form)) if (field.name in typed) field.value = typed[field.name];
  form.addEventListener("input", () => {
    const now = Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value]));
    sessionStorage.setItem(draftKey(form), JSON.stringify(now));
  });
  form.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.response?.status < 400) sessionStorage.removeItem(draftKey(form));
  });
}

// --- how much is written, where a platform allows only so much
for (const field of document.querySelectorAll("textarea[data-counted]")) {
  const shown = document.getElementById(field.dataset.counted);
  const count = () => { shown.textContent = [...field.value].length; };
  field.addEventListener("input", count);
  count();
}

// --- whoever is responsible is named in the text as well, where the draft left room for it
for (const field of document.querySelectorAll("[data-fills]")) {
  field.addEventListener("change", () => {
    const text = field.form.elements.text;
    if (!field.value.trim() || !text.value.includes(field.dataset.fills)) return;
    text.value = text.value.replace(field.dataset.fills, field.value.trim());
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// --- on a phone the menu may be wider than the screen: the page we are on is in sight
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// --- filters act at once; without JavaScript their button does
for (const form of document.querySelectorAll("form[data-at-once]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
