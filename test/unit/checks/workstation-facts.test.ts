import { expect, test } from 'vitest'
import { judgeTools } from '../../../src/engine/checks/tools.ts'
import { parseWorkstationFacts } from '../../../src/engine/checks/workstation-facts.ts'

test('what a workstation says of itself is kept short and on one line, whatever it says', () => {
	const evil = `\u001b]0;x\u0007\u202e${'y'.repeat(1_000_000)}`
	const found = parseWorkstationFacts(
		[
			`tool\tgit\tgit version 2.39.5${evil}\t0`,
			`tool\trsync\t${evil}\t1`,
			`system\t${evil}`,
			`shell\t${evil}\t${evil}`,
			`disk\t1\t2\t${evil}`,
		].join('\n'),
	)
	const { facts } = judgeTools(found)
	const said = JSON.stringify({ facts, mount: found.disk?.mount })
	expect(said.length).toBeLessThan(3000)
	expect(said).not.toMatch(/\\u001b|\\u0007|\u202e/)
	expect(facts?.git).toMatch(/^2\.39\.5/)
})
