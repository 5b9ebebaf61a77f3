import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

interface Violation {
	id: string
	impact: string
	nodes: { html: string; failureSummary: string }[]
}

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Every rule is run; what it says of nodes that passed, and where they stand, is not put together. */
const run = "axe.run({ resultTypes: ['violations'], selectors: false }).then(({ violations }) => violations)"

/** What axe finds serious or critical on a page, as lines to read in a failure. */
export async function axe(page: Page): Promise<string[]> {
	await page.evaluate(source)
	const violations = await page.evaluate<Violation[]>(run)
	return violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}: ${node.failureSummary}`))
}
