// Web vitals and errors of a visit, told to the portalwatch this script comes from. No cookie, no storage, no third party.
(() => {
  const me = document.currentScript, Watch = window.PerformanceObserver, agent = navigator.userAgent;
  if (!me || !Watch) return;
  const to = new URL(me.src).origin;
  const id = `fe_${Date.now()}_${Math.random().toString(36).slice(2, 12)}`;
  const gone = () => document.visibilityState === "hidden";
  const about = () => ({
    timestamp: new Date().toISOString(), userAgent: agent, url: location.origin + location.pathname,
  });
  const metrics = {}, slow = new Map();
  let session = 0, first = 0, last = 0, errors = 0, sent = false;
  let hidden = gone() ? 0 : Infinity;
  window.portalwatch = { correlationId: id };

  // As text: a page that goes away has no time to ask first whether it may send JSON.
  const send = (path, body) => {
    const text = JSON.stringify(body);
    if (navigator.sendBeacon && navigator.sendBeacon(to + path, text)) return;
    fetch(to + path, { method: "POST", body: text, keepalive: true, mode: "no-cors" }).catch(() => {});
  };
  // A browser that does not know a type has none of it.
  const observe = (type, take, more) => {
    try {
      new Watch((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
    } catch (_) {}
  };
  observe("paint", (one) => {
    if (one.name === "first-contentful-paint" && one.startTime < hidden) metrics.FCP = one.startTime;
  });
  observe("largest-contentful-paint", (one) => { if (one.startTime < hidden) metrics.LCP = one.startTime; });
  observe("first-input", (one) => { metrics.FID = one.processingStart - one.startTime; });
  observe("event", (one) => {
    if (!one.interactionId) return;
    slow.set(one.interactionId, Math.max(one.duration, slow.get(one.interactionId) || 0));
  }, { durationThreshold: 40 });
  // The worst session window: shifts less than 1 s apart, 5 s at most.
  observe("layout-shift", (one) => {
    if (one.hadRecentInput) return;
    if (one.startTime - last < 1000 && one.startTime - first < 5000) session += one.value;
    else { session = one.value; first = one.startTime; }
    last = one.startTime;
    metrics.CLS = Math.max(metrics.CLS, session);
  });
  if (Watch.supportedEntryTypes.includes("layout-shift")) metrics.CLS = 0;

  const leave = () => {
    if (sent) return;
    sent = true;
    const [page] = performance.getEntriesByType("navigation");
    if (page && page.responseStart > 0) metrics.TTFB = page.responseStart;
    // Of many interactions the worst one in fifty is left out.
    const times = [...slow.values()].sort((a, b) => b - a);
    if (times.length) metrics.INP = times[Math.min(times.length - 1, Math.floor(times.length / 50))];
    send("/api/performance/baseline", { ...about(), metrics });
  };
  addEventListener("visibilitychange", () => gone() && ((hidden = Math.min(hidden, performance.now())), leave()));
  addEventListener("pagehide", leave);

  const track = (error, action) => {
    if (++errors > 5) return;
    const { name, message, stack } = error instanceof Error ? error : { name: "Error", message: error };
    send("/api/errors/track", {
      error: { name, message: String(message).slice(0, 1000), stack: String(stack || "").slice(0, 8000) },
      context: { ...about(), correlationId: id, component: "front end", action },
    });
  };
  addEventListener("error", (event) => { if (event.message) track(event.error || event.message, "error"); });
  addEventListener("unhandledrejection", (event) => track(event.reason, event.type));
})();
