import { createHash } from 'node:crypto'

/**
 * What the tmux session of a project is called on the workstation: letters, digits, `-` and `_` only, since `.` and `:`
 * mean something else to tmux, and a leading `-` is an option. Where that changes the name it ends with a piece of its
 * hash, so that no two projects share a session.
 */
export function tmuxName(project: string): string {
	const plain = project.replaceAll(/[^A-Za-z0-9_]+/g, '-').replaceAll(/^-+|-+$/g, '')
	if (plain === project) return plain
	const hash = createHash('sha256').update(project).digest('hex').slice(0, 6)
	return `${plain || 'project'}-${hash}`
}

/** That of its coding agent. */
export const agentSessionName = (project: string) => `hawser-agent-${tmuxName(project)}`
