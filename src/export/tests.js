const answer = (() => { try { return JSON.parse(pm.response.text()); } catch { return undefined; } })();
const names = (pointer) => pointer.split('/').slice(1).map((name) => name.replace(/~1/g, '/').replace(/~0/g, '~'));
const member = (value, name) => (value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? value[name] : undefined);
const at = (pointer) => names(pointer).reduce(member, answer);
const errors = at('/errors');
const codes = (Array.isArray(errors) ? errors : [answer]).map((error) => member(error, 'code'));
