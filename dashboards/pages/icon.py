"""The sign of the house, for a browser's tab."""

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5cad"/>'
    '<path d="M4 18h5l3-9 5 15 4-11 2 5h5" fill="none" stroke="#fff" stroke-width="2.75" stroke-linejoin="round" '
    'stroke-linecap="round"/></svg>'
)
