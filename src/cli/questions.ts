import { ProblemError } from '../contract/client.ts'
import type { Problem } from '../contract/problem.ts'
import type { HostKeyQuestion, LinkState, LoginQuestion } from '../contract/state.ts'
import { askedProblem } from '../engine/link/state.ts'
import { problem } from '../engine/problems.ts'
import type { Io } from './io.ts'
import { note } from './report.ts'
import { plain } from './words.ts'

/** How long a person may take for one question (ms). What the server waits for is taken back by the link before. */
const longestThought = 600_000
/** A server's words are shown up to here. */
const mostLines = 20
const mostCharacters = 400

export type Question =
	| { about: 'host-key'; asked: HostKeyQuestion }
	| { about: 'login'; asked: LoginQuestion }

/** A link that asks, wherever it lives: with the engine, or in this process. */
export interface AskingLink {
	/** Settles with true once `pick` says so of its state, now or later; false after `limitMs` or when it is over. */
	until(pick: (state: LinkState | undefined) => boolean, limitMs: number): Promise<boolean>
	answerHostKey(fingerprint: string, accept: boolean): Promise<void>
	answerLogin(question: string, answers: string[] | null, keep: boolean): Promise<void>
}

/** What a link asks a person now; null: nothing. */
export function questionOf(link: LinkState | undefined): Question | null {
	if (link?.status === 'host-key' && link.question) return { about: 'host-key', asked: link.question }
	return link?.status === 'login' && link.question ? { about: 'login', asked: link.question } : null
}

export function questionProblem(question: Question): Problem {
	if (question.about === 'login') return askedProblem(question.asked)
	return problem('host-key-unknown', { ...question.asked })
}

function isSame(one: Question, other: Question | null): boolean {
	if (one.about === 'login') return other?.about === 'login' && other.asked.id === one.asked.id
	return other?.about === 'host-key' && other.asked.fingerprint === one.asked.fingerprint
}

/**
 * Asks the person on the terminal and settles once the link does not ask this any more: it has the answer, another
 * face gave it, or the question was taken back.
 * @throws ProblemError `host-key-unknown` or `login-asks` when nobody is there to answer, or a key is not accepted;
 *   `operation-cancelled` when `over` ends it
 */
export async function answerQuestion(
	io: Io,
	link: AskingLink,
	question: Question,
	over: AbortSignal,
): Promise<void> {
	const found = questionProblem(question)
	if (!io.terminal) throw new ProblemError(found)
	const gone = new AbortController()
	const taken = link
		.until((state) => !isSame(question, questionOf(state)), longestThought)
		.finally(() => gone.abort())
	const until = AbortSignal.any([over, gone.signal])
	if (question.about === 'host-key') await answerKey(io, link, question.asked, until)
	else await answerLogin(io, link, question.asked, until)
	const isTaken = await taken
	if (over.aborted) throw new ProblemError(problem('operation-cancelled', {}))
	if (!isTaken) throw new ProblemError(found)
}

async function answerKey(
	io: Io,
	link: AskingLink,
	asked: HostKeyQuestion,
	until: AbortSignal,
): Promise<void> {
	const found = problem('host-key-unknown', { ...asked })
	note(io, `${plain(found.title)}\n  ${plain(found.meaning)}`)
	const accept = await io.confirm('Accept this key and connect?', until)
	if (until.aborted) return
	// A no on this terminal is no answer for the window, where the question goes on to be shown.
	if (!accept) throw new ProblemError(found)
	await link.answerHostKey(asked.fingerprint, true)
}

async function answerLogin(
	io: Io,
	link: AskingLink,
	asked: LoginQuestion,
	until: AbortSignal,
): Promise<void> {
	if (asked.again) note(io, 'That was not right. Ctrl-C gives up.')
	note(io, plain(askedProblem(asked).title))
	for (const line of shownLines(asked.title)) note(io, `  │ ${line}`)
	if (asked.kind === 'touch') {
		note(io, 'Touch your security key …')
		return
	}
	const answers = asked.kind === 'confirm' ? await confirmed(io, until) : await typed(io, asked, until)
	if (until.aborted) return
	const keep = answers !== null && asked.mayKeep && (await io.confirm('Keep it in the keychain?', until))
	if (until.aborted) return
	try {
		await link.answerLogin(asked.id, answers, keep)
	} catch (error) {
		// Answered by another face, or taken back, in this moment: what is asked next is seen by then.
		if (!(error instanceof ProblemError && error.problem.code === 'input-invalid')) throw error
	}
}

const confirmed = async (io: Io, until: AbortSignal) =>
	(await io.confirm('Is that right?', until)) ? [] : null

/** One answer a prompt; null when the person gave up. */
async function typed(io: Io, { kind, prompts }: LoginQuestion, until: AbortSignal): Promise<string[] | null> {
	const answers: string[] = []
	for (const { text, hidden } of prompts) {
		const answer = await io.ask(promptText(text, kind === 'prompts'), hidden, until)
		if (answer === null) return null
		answers.push(answer)
	}
	return answers
}

/** Text from a server, line by line, marked as such: it cannot pass for ours. */
function shownLines(text: string): string[] {
	const lines = text.split(/\r\n|[\r\n\u2028\u2029]/).map((line) => plain(line).trimEnd())
	return lines.filter(Boolean).slice(0, mostLines).map(cut)
}

/** A server's own question is marked too: else it could ask for a passphrase in our words. */
function promptText(text: string, isServers: boolean): string {
	const shown = cut(plain(text).trim())
	return `${isServers ? '  │ ' : ''}${shown}${/[:?>…]$/.test(shown) ? '' : ':'} `
}

const cut = (text: string) => (text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text)
