// `npm run bench`: figures side by side with the plain tools, in one run on one machine. Never a test:
// a bar that is missed is printed as missed, and the exit code stays 0.
import { makeBed } from './bed.ts'
import { noticeRow } from './notice.ts'
import { quietRow } from './quiet.ts'
import { printRows, type Row } from './row.ts'
import { statusRow } from './status.ts'
import { windowSizeRow } from './window-size.ts'

const bed = await makeBed()
const rows: Row[] = []
try {
	for (const measure of [statusRow, noticeRow, quietRow, windowSizeRow]) rows.push(await measure(bed))
} finally {
	await bed.stop()
}
printRows(rows)
