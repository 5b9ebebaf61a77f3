/** Whole minutes, hours or days, as short as a menu wants it: `40 s`, `12 min`, `4 h`, `3 days`. */
export function duration(ms: number): string {
	const seconds = Math.max(0, Math.floor(ms / 1000))
	if (seconds < 60) return `${seconds} s`
	const minutes = Math.floor(seconds / 60)
	if (minutes < 60) return `${minutes} min`
	const hours = Math.floor(minutes / 60)
	if (hours < 48) return minutes % 60 > 0 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`
	return `${Math.floor(hours / 24)} days`
}

/** `12 min ago`, or `just now`. */
export function ago(at: number, now: number): string {
	return now - at < 10_000 ? 'just now' : `${duration(now - at)} ago`
}

/** `1 commit`, `2 commits`. */
export function count(n: number, one: string, many = `${one}s`): string {
	return `${n} ${n === 1 ? one : many}`
}

/** A menu is as wide as its widest line. */
export function shorten(text: string, most = 60): string {
	const line = text.replaceAll(/\s+/g, ' ').trim()
	return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line
}

/** Time of day as the laptop writes it, with the day when it is not today. */
export function clock(at: number, now: number): string {
	const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
	return new Date(at).toLocaleString(undefined, {
		hour: '2-digit',
		minute: '2-digit',
		...(sameDay ? {} : { weekday: 'short' }),
	})
}
