/** The one place that makes a shell word: `value` arrives in a POSIX shell exactly as it is. */
export function quote(value: string): string {
	return `'${value.replaceAll("'", `'\\''`)}'`
}
