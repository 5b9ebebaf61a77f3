import { randomUUID } from 'node:crypto'
import { ProblemError } from '../../contract/client.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'
import {
	afterMarker,
	filesOf,
	printMarker,
	runPayload,
	type ScriptName,
	type ScriptOptions,
	type ScriptResult,
	setArguments,
	textOf,
} from './script.ts'

/** Several scripts of this folder in one round trip. */

export interface BatchScript {
	name: ScriptName
	args: readonly string[]
}

/** A question that goes along with another one in the same round trip, and what becomes of its answer. */
export interface Rider {
	script: BatchScript
	take(stdout: string, code: number): void
}

/**
 * Runs several scripts one after another in a single round trip, each in a subshell of its own.
 * @throws as `runScript`; also `remote-garbled` when not every script came to its end
 */
export async function runBatch(
	link: Link,
	scripts: readonly BatchScript[],
	options: ScriptOptions = {},
): Promise<{ code: number; stdout: string }[]> {
	// Not to be guessed: what a script prints can hold text that others wrote, such as commit messages.
	const fence = randomUUID()
	const { stdout, stderr } = await runPayload(link, 'batch', batchPayload(scripts, fence), options)
	const { answers } = splitAnswers(stdout, fence)
	if (answers.length !== scripts.length)
		throw new ProblemError(problem('remote-garbled', { script: 'batch', stderr: stderr.slice(-500).trim() }))
	return answers
}

function batchPayload(scripts: readonly BatchScript[], fence: string): string {
	const files = scripts.map(({ name }) => filesOf(name))
	// What several of them need goes once. They are functions; each script is the last file of its own.
	const shared = [...new Set(files.flat())].filter(
		(file) => files.filter((those) => those.slice(0, -1).includes(file)).length > 1,
	)
	const parts = scripts.map(({ args }, index) => {
		const own = files[index]?.filter((file) => !shared.includes(file)) ?? []
		return `(\n${setArguments(args)}\n${textOf(own)}\n)\nprintf '%s %d\\n' ${fence} $?`
	})
	return [printMarker, textOf(['lib', ...shared]), ...parts].join('\n')
}

/** What each script that has ended printed; `rest` is of the one that has not. */
function splitAnswers(stdout: string, fence: string) {
	const pieces = stdout.split(new RegExp(`${fence} (\\d+)\\n`))
	const rest = pieces.pop() ?? ''
	const answers = pieces.flatMap((text, at) =>
		at % 2 === 0 ? { stdout: text, code: Number(pieces[at + 1]) } : [],
	)
	return { answers, rest }
}

/** Exit codes by which a script of ours has said all there is to say. */
const spoken = new Set([0, 10])
/** Time for what comes after the first script. */
const afterMs = 20_000

/**
 * Runs a script, and others after it in the same round trip. The first answer is there as soon as that script has
 * ended, whatever becomes of the others: they have 20 s from then on.
 * @throws the first: as `runScript`; the others' promise: also `remote-garbled`
 */
export function runThen(
	link: Link,
	first: BatchScript,
	others: readonly BatchScript[],
	options: ScriptOptions = {},
): { first: Promise<ScriptResult>; others: Promise<{ code: number; stdout: string }[]> } {
	const fence = randomUUID()
	const answered = Promise.withResolvers<ScriptResult>()
	const ender = new AbortController()
	let timer: NodeJS.Timeout | undefined
	let tail = ''
	let heard: ScriptResult | null = null
	const work = async () => {
		const out: Buffer[] = []
		const onStdout = (data: Buffer) => {
			out.push(data)
			if (timer) return
			tail = tail.slice(-fence.length - 8) + data.toString('latin1')
			if (!tail.includes(fence)) return
			const { answers } = splitAnswers(afterMarker(Buffer.concat(out).toString()) ?? '', fence)
			const [answer] = answers
			if (!answer) return
			timer = setTimeout(() => ender.abort(), afterMs)
			heard = { ...answer, signal: null, stderr: '' }
			// Else its complaint may still be on the way.
			if (spoken.has(answer.code)) answered.resolve(heard)
		}
		const signal = options.signal ? AbortSignal.any([options.signal, ender.signal]) : ender.signal
		const payload = batchPayload([first, ...others], fence)
		try {
			const all = await runPayload(link, first.name, payload, { ...options, signal, onStdout })
			const { answers, rest } = splitAnswers(all.stdout, fence)
			const [answer, ...more] = answers
			if (answer) answered.resolve({ ...all, ...answer })
			else if (all.code !== 0) answered.resolve({ ...all, stdout: rest })
			if (more.length === others.length) return more
			const stderr = all.stderr.slice(-500).trim()
			throw new ProblemError(problem('remote-garbled', { script: first.name, stderr }))
		} finally {
			clearTimeout(timer)
			if (heard) answered.resolve(heard)
		}
	}
	const working = work()
	working.catch(answered.reject)
	return { first: answered.promise, others: working }
}
