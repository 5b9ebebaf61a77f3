import { useState } from 'react'
import type { CommandOutput } from '../src/contract/commands.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { BoundedList } from './bounded-list.tsx'
import { Button, CopyButton } from './button.tsx'
import { EditorButton } from './editor-button.tsx'
import { FileRow } from './file-row.tsx'
import { useHawser } from './hawser.tsx'
import { NextStepButton } from './next-step.tsx'

type Prepared = CommandOutput<'prepareMerge'>

/** The way out of a conflict by hand: a merge that is begun in a worktree of its own, and how to go on from there. */
export function PrepareMerge({ project, why }: { project: ProjectState; why: string | null }) {
	const { engine } = useHawser()
	const [busy, setBusy] = useState(false)
	const [prepared, setPrepared] = useState<Prepared | null>(null)
	const [problem, setProblem] = useState<Problem | null>(null)
	const prepare = async () => {
		setBusy(true)
		setProblem(null)
		const answer = await engine.command('prepareMerge', { project: project.name })
		setBusy(false)
		if (answer.ok) setPrepared(answer.output)
		else setProblem(answer.problem)
	}
	if (prepared) return <HowToGoOn prepared={prepared} project={project} />
	return (
		<div className="prepare">
			<div className="buttons">
				<Button why={why ?? (busy ? 'It is being prepared.' : null)} onClick={() => void prepare()}>
					{busy ? 'Preparing the merge…' : 'Prepare the merge'}
				</Button>
			</div>
			<p className="quiet small">In a folder of its own on this laptop; your files stay as they are.</p>
			{problem && (
				<div className="trouble" role="alert">
					<p className="strong">{problem.title}</p>
					<p>{problem.meaning}</p>
					<div className="buttons">
						<NextStepButton
							problem={problem}
							workstation={project.workstation}
							project={project.name}
							where={`merge:${project.name}`}
						/>
					</div>
				</div>
			)}
		</div>
	)
}

function HowToGoOn({ prepared, project }: { prepared: Prepared; project: ProjectState }) {
	const { path, branch, files } = prepared
	const { base } = project
	if (branch === base)
		return (
			<p className="prepare quiet" role="status">
				There is nothing to merge any more: <code>{base}</code> has all of it. Look again.
			</p>
		)
	return (
		<section className="prepare" aria-label="The prepared merge">
			<p className="strong" role="status">
				The merge is prepared
			</p>
			<code className="command">{path}</code>
			<div className="copies">
				<CopyButton kind="quiet" label="Copy the path" text={path} />
				<CopyButton kind="quiet" label="Copy the branch’s name" text={branch} />
			</div>
			<EditorButton project={project} machine="laptop" path={path} />
			{files.length > 0 && (
				<>
					<p className="quiet">To resolve there:</p>
					<BoundedList
						className="file-list"
						label="To resolve"
						items={files}
						first={5}
						keyOf={(file) => file}
					>
						{(file) => <FileRow path={file} change="modified" words="in conflict" />}
					</BoundedList>
				</>
			)}
			<ol className="how">
				<li>Open that folder in your editor, resolve the conflicts and commit.</li>
				<li>
					In your own repository, on <code>{base}</code>, merge the branch <code>{branch}</code>.
				</li>
				<li>Look again here: the conflict is gone.</li>
			</ol>
		</section>
	)
}
