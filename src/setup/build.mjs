// `npm run build`: everything under dist/. Plain JavaScript for any Node from 20 on; the work is done by
// bundle.ts under the Node that npm brought.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pinnedNode } from './dependencies.mjs'

const { status } = spawnSync(pinnedNode(), [fileURLToPath(new URL('./bundle.ts', import.meta.url))], {
	stdio: 'inherit',
})
process.exit(status ?? 1)
