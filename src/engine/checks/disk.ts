import { problem } from '../problems.ts'
import type { Check } from './check.ts'

/** Under this a checkout or a run's results may not fit, in KiB. */
const lowKiB = 1024 * 1024
/** Over this, git and make may misjudge which file is newer. */
const skewLimitS = 60

/** Room on the workstation's disk, and its clock. */
export const disk: Check = {
	id: 'disk',
	title: 'Disk and clock',
	dependsOn: ['login'],
	async check({ facts, now }) {
		const { disk: space, clock } = await facts()
		if (!space) return { verdict: 'unknown', finding: 'free space is unknown' }
		const free = `${(space.free / 1024 / 1024).toFixed(1)} GiB`
		if (space.free < lowKiB)
			return {
				verdict: 'failing',
				finding: `${free} free`,
				problem: problem('disk-low', { free, path: '~' }),
			}
		const skew = clock === null ? 0 : Math.round(clock - now() / 1000)
		if (Math.abs(skew) > skewLimitS)
			return {
				verdict: 'failing',
				finding: `clock off by ${skew} s`,
				problem: problem('clock-skew', { seconds: skew }),
			}
		return { verdict: 'ok', finding: `${free} free` }
	},
}
