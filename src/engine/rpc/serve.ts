import { createBirpc } from 'birpc'
import { z } from 'zod'
import {
	type Answer,
	type Channel,
	type EngineFunctions,
	type FaceFunctions,
	ProblemError,
} from '../../contract/client.ts'
import { type CommandName, commands } from '../../contract/commands.ts'
import { problem, problemOf } from '../problems.ts'
import { highWater, type MeteredChannel, mostBacklog } from './channel.ts'
import { Outbox } from './outbox.ts'
import type { CommandParsed, Face, ServedEngine } from './served-engine.ts'

/** How often a waiting `Face.ready` looks again (ms). */
const roomInterval = 20

/**
 * The engine's side of a channel: answers commands, sends the whole state once asked and every change
 * after it. Ends with the channel. Returns the disposer, which leaves the channel itself open.
 */
export function serveEngine(engine: ServedEngine, channel: Channel & Partial<MeteredChannel>): () => void {
	const ends = new Set<() => void>()
	let over = false
	const backlog = () => channel.backlog?.() ?? 0
	const end = () => {
		if (over) return
		over = true
		rpc.$close()
		for (const listener of [...ends]) listener()
		ends.clear()
	}
	/** Events have no answer: one that cannot be sent means that nobody is there. */
	const push = (send: Promise<void>) => {
		send.catch(end)
		if (backlog() > mostBacklog) {
			end()
			channel.close?.()
		}
	}

	const outbox = new Outbox(
		(changes) => push(rpc.changes.asEvent(changes)),
		() => backlog() < highWater,
	)
	ends.add(() => outbox.dispose())

	const face: Face = {
		log(chunk) {
			if (!over) push(rpc.log.asEvent(chunk))
		},
		pty(chunk) {
			if (!over) push(rpc.pty.asEvent(chunk))
		},
		async ready() {
			while (!over && backlog() >= highWater) {
				await new Promise((resolve) => setTimeout(resolve, roomInterval))
			}
		},
		onClose(listener) {
			if (over) queueMicrotask(listener)
			else ends.add(listener)
			return () => ends.delete(listener)
		},
	}

	let subscribed = false
	const functions: EngineFunctions = {
		async command(name, input) {
			const answer = await answerCommand(engine, face, name, input)
			// A face that hears the answer has heard of everything that led to it.
			outbox.flush()
			return answer
		},
		async subscribe() {
			if (!subscribed) {
				subscribed = true
				ends.add(engine.onChanges((changes) => outbox.add(changes)))
			}
			return engine.state()
		},
	}
	let stopListening: () => void = () => {}
	const rpc = createBirpc<FaceFunctions, EngineFunctions>(functions, {
		post: (message) => channel.post(message),
		on: (listener) => {
			stopListening = channel.onMessage((message) => {
				if (isCall(message)) listener(message)
			})
		},
		off: () => stopListening(),
		// Without this a face could call what every object inherits.
		resolver: (name, resolved) => (Object.hasOwn(functions, name) ? resolved : undefined),
		// An answer that cannot be posted has nobody to hear it.
		onGeneralError: () => true,
		timeout: -1,
	})
	const stopWaiting = channel.onClose(end)
	ends.add(stopWaiting)
	return end
}

/** Only calls come from a face; anything else would make birpc throw where nobody catches. */
function isCall(message: unknown): boolean {
	if (typeof message !== 'object' || message === null) return false
	const call = message as Record<string, unknown>
	return call.t === 'q' && typeof call.m === 'string' && Array.isArray(call.a)
}

async function answerCommand(
	engine: ServedEngine,
	face: Face,
	name: unknown,
	input: unknown,
): Promise<Answer<CommandName>> {
	try {
		if (typeof name !== 'string' || !isCommand(name)) {
			const command = String(name).slice(0, 64)
			throw new ProblemError(problem('input-invalid', { command, message: 'there is no such command' }))
		}
		return { ok: true, output: await engine.command(name, parse(name, input), face) }
	} catch (error) {
		return { ok: false, problem: problemOf(error) }
	}
}

function isCommand(name: string): name is CommandName {
	return Object.hasOwn(commands, name)
}

/** @throws ProblemError `input-invalid` */
function parse<N extends CommandName>(command: N, input: unknown): CommandParsed<N> {
	const result = z.safeParse<z.ZodType>(commands[command].input, input)
	if (result.success) return result.data as CommandParsed<N>
	const issue = result.error.issues[0]
	const path = issue?.path.map(String).join('.')
	const message = path ? `${path}: ${issue?.message}` : (issue?.message ?? 'not understood')
	throw new ProblemError(problem('input-invalid', { command, message }))
}
