(() => {
  const seconds = Number(document.body.dataset.reload);
  const pause = document.getElementById("pause");
  const lost = document.getElementById("lost");
  if (!seconds || !pause) return;
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(paused));
  });
  const opened = (main) => new Map([...main.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  const renew = async () => {
    if (document.hidden || pause.getAttribute("aria-pressed") === "true") return;
    const now = document.querySelector("main");
    // Whoever types into a form must not lose it.
    const typed = [...now.querySelectorAll("input:not([type=hidden]), textarea")];
    if (typed.some((one) => one.value !== one.defaultValue || one.checked !== one.defaultChecked)) return;
    try {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(seconds * 1000) });
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = document.adoptNode(fresh.querySelector("main"));
      const before = opened(now);
      for (const one of next.querySelectorAll("details[id]")) one.open = before.get(one.id) ?? one.open;
      const focused = now.contains(document.activeElement) ? document.activeElement : null;
      const link = focused?.getAttribute("href");
      const again = focused?.id ? `#${CSS.escape(focused.id)}` : link ? `[href="${CSS.escape(link)}"]` : null;
      now.replaceWith(next);
      if (again) next.querySelector(again)?.focus({ preventScroll: true });
      document.title = fresh.title;
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  };
  setInterval(renew, seconds * 1000);
})();
