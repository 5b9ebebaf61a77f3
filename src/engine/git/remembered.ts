/**
 * What was found out in one operation, by its signal: an operation asks the same thing in several places, of what does
 * not change while it goes on.
 */
const known = new WeakMap<AbortSignal, Map<string, Promise<unknown>>>()

const keyOf = (question: readonly string[]) => question.join('\0')

/**
 * Asks once in an operation; without a signal each time. A failure is not kept.
 * @param keeps the answers that stay true for as long as the operation goes on
 */
export async function remembered<T>(
	signal: AbortSignal | undefined,
	question: readonly string[],
	keeps: (answer: T) => boolean,
	ask: () => Promise<T>,
): Promise<T> {
	if (!signal) return await ask()
	const answers = known.get(signal) ?? new Map<string, Promise<unknown>>()
	known.set(signal, answers)
	const key = keyOf(question)
	const asked = (answers.get(key) as Promise<T> | undefined) ?? ask()
	answers.set(key, asked)
	const forget = () => {
		if (answers.get(key) === asked) answers.delete(key)
	}
	try {
		const answer = await asked
		if (!keeps(answer)) forget()
		return answer
	} catch (error) {
		forget()
		throw error
	}
}

/** What was asked before, or is being asked; undefined: nothing was. */
export async function recalled<T>(
	signal: AbortSignal | undefined,
	question: readonly string[],
): Promise<T | undefined> {
	return (await (signal && known.get(signal)?.get(keyOf(question)))) as T | undefined
}

/** Commits that are named in full: such a name never comes to mean something else. */
export const areIds = (names: readonly string[]): boolean =>
	names.every((name) => /^[0-9a-f]{40,64}$/.test(name))
