import { expect, test } from 'vitest'
import { placeOfNotice } from '../../src/app/place.ts'
import type { Notice } from '../../src/contract/state.ts'
import { now } from './states.ts'

const notice = (change: Partial<Notice>): Notice => ({
	id: 'x',
	kind: 'run-ended',
	title: '',
	body: '',
	run: null,
	project: null,
	workstation: null,
	covers: [],
	at: now,
	...change,
})
const covers = ['run:1', 'run:2', 'run:3']

test.each<[string, Partial<Notice>, ReturnType<typeof placeOfNotice>]>([
	['a run', { run: 'r1', project: 'nt', workstation: 'lab' }, { run: 'r1' }],
	['an agent', { kind: 'agent', project: 'nt', workstation: 'lab' }, { agent: 'nt' }],
	[
		'an operation that waits',
		{ kind: 'waits-for-person', project: 'nt', workstation: 'lab' },
		{ project: 'nt' },
	],
	['a link that waits', { kind: 'waits-for-person', workstation: 'lab' }, { workstation: 'lab' }],
	['a webhook that fails', { kind: 'waits-for-person' }, { card: 'notices' }],
	['several runs on it out of reach', { kind: 'out-of-reach', workstation: 'lab' }, { workstation: 'lab' }],
	['one run on it out of reach', { kind: 'out-of-reach', run: 'r1', workstation: 'lab' }, { run: 'r1' }],
	['several runs', { kind: 'several', project: 'nt', covers }, { card: 'runs' }],
	[
		'several of one project',
		{ kind: 'several', project: 'nt', covers: [...covers, 'agent:nt:1'] },
		{ project: 'nt' },
	],
	['several of anything', { kind: 'several', workstation: 'lab', covers: [...covers, 'away:lab:1'] }, null],
])('a click on a notice of %s leads there', (_, change, place) => {
	expect(placeOfNotice(notice(change))).toEqual(place)
})
