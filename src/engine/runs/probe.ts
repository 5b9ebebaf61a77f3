import { ProblemError } from '../../contract/client.ts'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Probe } from '../../contract/probe.ts'
import type { Link } from '../link/link.ts'
import { problem } from '../problems.ts'

/** What the project's Python, PyTorch and TiRex say of the GPU. To be written. */
export async function probe(_link: Link, _project: ProjectConfig, _now: () => number): Promise<Probe> {
	throw new ProblemError(problem('internal', { message: 'to be written' }))
}
