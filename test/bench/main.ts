// `npm run bench`: figures side by side with the plain tools, in one run on one machine. Never a test:
// a bar that is missed is printed as missed, and the exit code stays 0. With names (`status`, `outage`, …)
// only those are measured.
import { existsSync } from 'node:fs'
import { makeBed } from './bed.ts'
import { fairnessRows } from './fairness.ts'
import { filesRows } from './files.ts'
import { ladderRow } from './ladder.ts'
import { logRows } from './log.ts'
import { noticeRows } from './notice.ts'
import { outageRows } from './outage.ts'
import { pendingRows } from './pending.ts'
import { quietRow } from './quiet.ts'
import { printRows, type Row } from './row.ts'
import { statusRow } from './status.ts'
import { upRow } from './up.ts'
import { windowSizeRow } from './window-size.ts'

const measures = {
	status: statusRow,
	up: upRow,
	ladder: ladderRow,
	notice: noticeRows,
	log: logRows,
	outage: outageRows,
	fairness: fairnessRows,
	files: filesRows,
	pending: pendingRows,
	quiet: quietRow,
	window: windowSizeRow,
}
const wanted = process.argv.slice(2)
// In memory where there is such a place: a disk takes its time when it likes, and for one tool more than for another.
if (existsSync('/dev/shm')) process.env.TMPDIR ??= '/dev/shm'
const bed = await makeBed()
const rows: Row[] = []
try {
	for (const [name, measure] of Object.entries(measures))
		if (wanted.length === 0 || wanted.includes(name)) rows.push(...[await measure(bed)].flat())
} finally {
	await bed.stop()
}
printRows(rows)
