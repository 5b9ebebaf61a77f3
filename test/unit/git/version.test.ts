import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../src/contract/client.ts'
import { laptop, workstation } from '../../../src/engine/git/git.ts'
import {
	checkGitVersion,
	laptopGit,
	leadsToShim,
	parseGitVersion,
	requireGit,
} from '../../../src/engine/git/version.ts'

/** As real gits print it. */
const real: [said: string, major: number, minor: number, text: string][] = [
	['git version 2.39.5\n', 2, 39, '2.39.5'],
	['git version 2.39.5 (Apple Git-154)\n', 2, 39, '2.39.5 (Apple Git-154)'],
	['git version 2.50.1 (Apple Git-155)\n', 2, 50, '2.50.1 (Apple Git-155)'],
	['git version 2.54.0 (Apple Git-157)\n', 2, 54, '2.54.0 (Apple Git-157)'],
	['git version 2.34.1\n', 2, 34, '2.34.1'],
	['git version 2.43.0\n', 2, 43, '2.43.0'],
	['git version 2.17.1\n', 2, 17, '2.17.1'],
	['git version 1.8.3.1\n', 1, 8, '1.8.3.1'],
	['git version 2.45.2.windows.1\n', 2, 45, '2.45.2.windows.1'],
	['git version 2.46.0-rc1\n', 2, 46, '2.46.0-rc1'],
	['git version 2.47.0.rc1.21.g81ed2bb22f\n', 2, 47, '2.47.0.rc1.21.g81ed2bb22f'],
	['git version 2.39.GIT\n', 2, 39, '2.39.GIT'],
	['git version 2.52\n', 2, 52, '2.52'],
	['git version 2.43.0.dirty\r\n', 2, 43, '2.43.0.dirty'],
	['git version 2.49.0+next.20250401\n', 2, 49, '2.49.0+next.20250401'],
	['git version 10.2.1\n', 10, 2, '10.2.1'],
	// What a script of ours passes on.
	['2.34.1', 2, 34, '2.34.1'],
	['2.39.5 (Apple Git-154)', 2, 39, '2.39.5 (Apple Git-154)'],
]

describe('a version', () => {
	test.each(real)('%j', (said, major, minor, text) => {
		expect(parseGitVersion(said)).toEqual({ major, minor, text })
	})

	test.each([
		'',
		'git',
		'git version ',
		'git version unknown',
		'git version 2',
		'git version 2.x',
		'xcode-select: note: No developer tools were found, requesting install.\n',
		'You have not agreed to the Xcode license agreements.\n',
		'git version 2.39.5\nand more',
		'hub version 2.39.5',
		'git version 99999999999.1',
	])('%j is none', (said) => {
		expect(parseGitVersion(said)).toBeNull()
	})
})

const problemOf = (work: () => unknown) => {
	try {
		work()
	} catch (error) {
		if (error instanceof ProblemError) return error.problem
	}
	return null
}

describe('old enough', () => {
	test.each([
		[laptop, '2.39.0', true],
		[laptop, '2.38.5', false],
		[laptop, '1.99.0', false],
		[laptop, '3.0.0', true],
		[workstation, '2.34.1', true],
		[workstation, '2.33.8', false],
		[workstation, '2.30.2', false],
		[workstation, '2.100.0', true],
	] as const)('%s with %s: %s', (side, version, fine) => {
		const problem = problemOf(() => checkGitVersion(side, `git version ${version}`))
		if (fine) expect(problem).toBeNull()
		else
			expect(problem).toMatchObject({
				code: 'git-old',
				facts: { side, found: version, needed: side === laptop ? '2.39' : '2.34' },
			})
	})

	test('what is no version is no git', () => {
		expect(problemOf(() => checkGitVersion(laptop, 'You have not agreed'))).toMatchObject({
			code: 'git-missing',
			facts: { side: laptop },
		})
	})

	test('both sides', async () => {
		await requireGit({ gitVersion: '2.34.1' })
		await expect(requireGit({ gitVersion: '2.25.1' })).rejects.toMatchObject({
			problem: { code: 'git-old', facts: { side: workstation, found: '2.25.1' } },
		})
		expect((await laptopGit()).major).toBeGreaterThanOrEqual(2)
	})
})

describe('the stand-in for git on a Mac', () => {
	const has =
		(...files: string[]) =>
		(file: string) =>
			files.includes(file)
	test.each([
		['/usr/local/bin:/usr/bin:/bin', ['/usr/bin/git'], true],
		['/opt/homebrew/bin:/usr/bin', ['/opt/homebrew/bin/git', '/usr/bin/git'], false],
		['/usr/bin:/opt/homebrew/bin', ['/opt/homebrew/bin/git', '/usr/bin/git'], true],
		[':/usr/bin/', ['/usr/bin/git'], true],
		['/usr/bin:/bin', [], false],
		['', ['/usr/bin/git'], false],
	])('%j', (path, files, expected) => {
		expect(leadsToShim(path, has(...files))).toBe(expected)
	})
})
