import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Tells what each test file came to, as a line of JSON in the file $HAWSER_TEST_REPORT: what a suite that hangs or dies
 * had told before is kept. Unlike vitest's own JSON it tells what a failed hook said; such a hook counts as a failed test.
 */
export default class Report implements Reporter {
	readonly #path = process.env.HAWSER_TEST_REPORT ?? ''

	onTestModuleEnd(module: TestModule): void {
		const { children } = module
		const count = (state: 'passed' | 'skipped') => [...children.allTests(state)].length
		const tests = [...children.allTests('failed')].map((test) => ({
			name: test.fullName,
			errors: test.result().errors ?? [],
		}))
		const hooks = [module, ...children.allSuites()].map((suite) => ({
			name: suite.type === 'suite' ? suite.fullName : 'the file itself',
			errors: suite.errors(),
		}))
		const failures = [...tests, ...hooks.filter(({ errors }) => errors.length > 0)]
		this.#tell({
			file: relative(process.cwd(), module.moduleId),
			passed: count('passed'),
			skipped: count('skipped'),
			failures: failures.map(({ name, errors }) => ({ name, error: startOf(errors) })),
		})
	}

	onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
		const failures = unhandled.map((error) => ({ name: 'outside of a test', error: startOf([error]) }))
		this.#tell({ file: '', passed: 0, skipped: 0, failures })
	}

	#tell(report: object): void {
		if (this.#path !== '') appendFileSync(this.#path, `${JSON.stringify(report)}\n`)
	}
}

/** The words of the first error, what was expected, and where it comes from. */
function startOf(errors: readonly SerializedError[]): string {
	const [error] = errors
	const text = [error?.message, error?.diff, error?.stack].filter((part) => part).join('\n')
	const lines = text.split('\n').filter((line) => !line.includes('node_modules'))
	return lines.slice(0, 24).join('\n')
}
