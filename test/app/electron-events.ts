import { EventEmitter } from 'node:events'

/** Every overload's parameters of a function, as a union. */
type Overloads<T, Seen = unknown, All = never> = Seen & T extends (...args: infer A) => infer R
	? Seen extends T
		? All
		: Overloads<T, Seen & ((...args: A) => R), All | A>
	: All

type Listeners<Real extends { on: unknown }> = Extract<
	Overloads<Real['on']>,
	[string, (...args: never[]) => unknown]
>

/** The events that Electron's types give one of its objects. */
type EventName<Real extends { on: unknown }> = Listeners<Real>[0]

/** What the listeners of one of them are called with. */
type EventArgs<Real extends { on: unknown }, Name extends EventName<Real>> = Parameters<
	Extract<Listeners<Real>, [Name, unknown]>[1]
>

/** An emitter whose events are those of `Real`, with Electron's own arguments. */
export class Emitter<Real extends { on: unknown }> extends EventEmitter {
	/** What Electron itself does: tells the listeners. */
	happen<Name extends EventName<Real>>(name: Name, ...args: EventArgs<Real, Name>): void {
		this.emit(name, ...args)
	}
}

/** A part of one of Electron's objects, where the whole one is asked for; what is in it has the right shape. */
export const part = <Whole extends object>(some: Partial<Whole>): Whole => some as Whole

/** An event that can be prevented, with what it carries. */
export function preventable<Params extends object = object>(params: Partial<Params> = {}) {
	let prevented = false
	const event = {
		preventDefault() {
			prevented = true
		},
		get defaultPrevented() {
			return prevented
		},
	}
	return Object.assign(event, params as Params)
}
