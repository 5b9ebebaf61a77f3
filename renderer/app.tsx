import { useEffect, useRef } from 'react'
import type { State } from '../src/contract/state.ts'
import { useArrival } from './arrival.ts'
import { Footer } from './footer.tsx'
import { GpuCard } from './gpu-card.tsx'
import { StateProvider, useHawser, useHawserState, useView } from './hawser.tsx'
import { Header } from './header.tsx'
import { Glyph } from './marks.tsx'
import { NoProject } from './no-project.tsx'
import { OwnOperations } from './own-operations.tsx'
import { Attention } from './problem-card.tsx'
import { ProjectCard } from './project-card.tsx'
import { RunsCard } from './runs-card.tsx'

export function App() {
	const { state, gone } = useView()
	return (
		<div className={`window ${gone ? 'gone' : ''}`}>
			<div role="status" className="banner-place">
				{gone && (
					<p className="banner">
						<Glyph glyph="down" />
						Hawser stopped; trying again
					</p>
				)}
			</div>
			{state ? (
				<StateProvider value={state}>
					<Content />
				</StateProvider>
			) : (
				<Starting />
			)}
		</div>
	)
}

function Starting() {
	return (
		<main className="starting" aria-busy="true">
			<h1>Hawser</h1>
			<p>One moment…</p>
		</main>
	)
}

function Content() {
	const state = useHawserState()
	useCheckKey()
	useTitle(state)
	useArrival()
	const projects = Object.values(state.projects)
	const workstations = Object.values(state.workstations)
	const several = workstations.length > 1
	return (
		<>
			<Header />
			<main>
				<Attention />
				<OwnOperations />
				{projects.map((project) => (
					<ProjectCard key={project.name} project={project} several={several} />
				))}
				{projects.length === 0 && <NoProject />}
				{workstations.map((workstation) => (
					<GpuCard key={workstation.name} workstation={workstation} several={several} />
				))}
				<RunsCard several={several} />
			</main>
			<Footer />
		</>
	)
}

function useTitle(state: State) {
	const { line } = state.summary
	useEffect(() => {
		document.title = `Hawser: ${line}`
	}, [line])
}

/** ⌘R and Ctrl+R check again instead of loading the page again; with Shift the browser keeps its own. */
function useCheckKey() {
	const { send } = useHawser()
	const latest = useRef(send)
	latest.current = send
	useEffect(() => {
		const hear = (event: KeyboardEvent) => {
			if (event.key.toLowerCase() !== 'r' || event.shiftKey || event.altKey) return
			if (!event.metaKey && !event.ctrlKey) return
			event.preventDefault()
			void latest.current('check', {})
		}
		window.addEventListener('keydown', hear)
		return () => window.removeEventListener('keydown', hear)
	}, [])
}
