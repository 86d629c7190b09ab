// Shows the status of each region. Every text is set as text: nothing that is fetched becomes markup.

const TIMEOUT_MS = 5000;
const NAMES = { us: "United States", eu: "European Union", asia: "Asia" };
const WORDS = { up: "Up", down: "Down", unknown: "Not known" };

const summary = document.getElementById("summary");
const list = document.getElementById("regions");
const again = document.getElementById("again");

async function fetched(address) {
  const answer = await fetch(address, {
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  return answer.json();
}

// The first address that answers tells the state of all regions; the second is another region's.
async function told(addresses) {
  for (const address of addresses) {
    try {
      const body = await fetched(address);
      if (body && typeof body.regions === "object" && body.regions !== null) return body.regions;
    } catch {
      // Down, blocked or not there: the next one may know.
    }
  }
  return null;
}

function stateOf(region, states) {
  const healthy = states?.[region.key]?.healthy;
  return healthy === true ? "up" : healthy === false ? "down" : "unknown";
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function card(region, state) {
  const item = document.createElement("li");
  item.dataset.region = region.key;
  item.dataset.state = state;
  item.append(
    element("h3", NAMES[region.key] ?? region.key),
    element("p", WORDS[state], "state"),
    element("p", region.places.join(", ")),
  );
  return item;
}

function sentence(regions, states) {
  if (states === null) return "The status service does not answer just now. Signing in may still work.";
  const down = regions.filter((region) => stateOf(region, states) === "down");
  const unknown = regions.filter((region) => stateOf(region, states) === "unknown");
  if (down.length > 0) return `${down.map((region) => NAMES[region.key] ?? region.key).join(" and ")}: down.`;
  return unknown.length > 0 ? "Not every region is known." : "All regions are up.";
}

async function show() {
  again.disabled = true;
  summary.textContent = "Checking…";
  try {
    const settings = await fetched("/settings.json");
    const states = await told(settings.status);
    list.replaceChildren(...settings.regions.map((region) => card(region, stateOf(region, states))));
    summary.textContent = sentence(settings.regions, states);
  } catch {
    summary.textContent = "The status cannot be shown just now. Signing in may still work.";
  }
  again.disabled = false;
  again.hidden = false;
}

again.addEventListener("click", show);
show();
