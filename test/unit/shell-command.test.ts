import { expect, test } from 'vitest'
import { shellCommand } from '../../src/engine/shell-command.ts'

test.each([
	[3, 1],
	[10, 3],
	[600, 200],
])('a line silent for %i s is given up', (deadAfter, interval) => {
	expect(shellCommand({ host: 'lab', deadAfter }, '/home/me')).toEqual([
		'ssh',
		'-o',
		`ServerAliveInterval=${interval}`,
		'-o',
		'ServerAliveCountMax=2',
		'--',
		'lab',
	])
})

test('how the link speaks SSH is not for ssh to know', () => {
	expect(shellCommand({ host: 'lab', transport: 'openssh' }, '/home/me')).toEqual(['ssh', '--', 'lab'])
})
