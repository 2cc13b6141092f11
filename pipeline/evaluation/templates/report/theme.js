// Light or dark: as the system has it, or as the switch says, which is remembered where the browser allows it.

const KEY = "report-theme";

export function followTheme(select) {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = select.value === "dark" || (select.value === "auto" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
  };
  const known = [...select.options].map((option) => option.value);
  const kept = remembered();
  if (known.includes(kept)) select.value = kept;
  select.addEventListener("change", () => {
    remember(select.value);
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

function remembered() {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    window.localStorage.setItem(KEY, value);
  } catch {
    // A page from a file may be refused a store; the switch then holds until the page is closed.
  }
}
