import type { Facts } from '../../contract/problem.ts'
import { problem } from '../problems.ts'
import type { Check } from './check.ts'

/** Under this a checkout or a run's results may not fit, in KiB. */
const lowKiB = 1024 * 1024
/** Over this, git and make may misjudge which file is newer. */
const skewLimitS = 60

const gib = (kib: number) => `${(kib / 1024 / 1024).toFixed(1)} GiB`

/**
 * How many whole seconds a clock is ahead (or behind: negative) at the least, read at some moment between two of ours;
 * all in ms since the epoch. The way there and back is thereby left out of it. Pure.
 */
export function skewSeconds(clock: number, asked: number, answered: number): number {
	if (clock > answered) return Math.floor((clock - answered) / 1000)
	// Where date knows whole seconds only, the clock may be up to one further.
	const behind = asked - (clock % 1000 === 0 ? clock + 999 : clock)
	return behind > 0 ? -Math.floor(behind / 1000) || 0 : 0
}

const skewWords = (seconds: number) =>
	seconds === 0 ? 'none' : `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this laptop`

/** Room on the workstation's disk, and its clock. */
export const disk: Check = {
	id: 'disk',
	title: 'Disk and clock',
	dependsOn: ['login'],
	async check({ facts: read, now }) {
		// The rungs that ask for the facts start together: this is when they were sent for.
		const asked = now()
		const { disk: space, clock } = await read()
		const skew = clock === null ? null : skewSeconds(clock, asked, now())
		const facts: Facts = {
			...(space ? { free: gib(space.free), size: gib(space.size) } : {}),
			...(space?.mount ? { mount: space.mount } : {}),
			'clock skew': skew === null ? 'unknown' : skewWords(skew),
		}
		const free = space ? `${gib(space.free)} free` : 'free space is unknown'
		const skewed = skew !== null && Math.abs(skew) > skewLimitS
		const finding = skewed ? `${free}, clock off by ${skew} s` : free
		const low = space !== null && space.free < lowKiB
		if (low)
			return {
				verdict: 'failing',
				finding,
				facts,
				problem: problem('disk-low', { free: gib(space.free), path: '~' }),
			}
		if (skewed)
			return {
				verdict: 'failing',
				finding,
				facts,
				problem: problem('clock-skew', { seconds: skew, off: skewWords(skew) }),
			}
		return { verdict: space ? 'ok' : 'unknown', finding, facts }
	},
}
