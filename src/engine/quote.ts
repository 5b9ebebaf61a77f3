/**
 * The one place that makes a shell word: `value` arrives in a POSIX shell exactly as it is. In fish too, which takes
 * `\\` and `\'` in single quotes for one character: a backslash stands outside of them.
 */
export function quote(value: string): string {
	return `'${value.replaceAll(/['\\]/g, `'\\$&'`)}'`
}

/** A word of a command that a person copies: plain ones stay as they are, and `~/` stays their home. */
export function typed(value: string): string {
	const [, home = '', rest = ''] = /^(~\/)?(.*)$/s.exec(value) ?? []
	return /^[\w@%+=:,./-]*$/.test(rest) && value !== '' ? value : `${home}${quote(rest)}`
}
