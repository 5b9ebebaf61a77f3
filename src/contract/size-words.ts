const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A size in bytes as a person reads it: `812 B`, `4.0 KiB`, `37.2 MiB`. The same in every face. */
export function sizeWords(bytes: number): string {
	let [size, unit] = [bytes, 0]
	while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1]
	return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`
}
