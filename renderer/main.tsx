import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/tokens.css'
import './styles/base.css'
import './styles/cards.css'
import './styles/buttons.css'
import './styles/line.css'
import './styles/ladder.css'
import './styles/login.css'
import './styles/project.css'
import './styles/pending.css'
import './styles/preview.css'
import './styles/conflicts.css'
import './styles/gpu.css'
import './styles/probe.css'
import './styles/runs.css'
import './styles/log.css'
import './styles/agent.css'
import './styles/metrics.css'
import './styles/files.css'
import { App } from './app.tsx'
import { DetailsProvider } from './details.tsx'
import { openEngine } from './engine.ts'
import { HawserProvider } from './hawser.tsx'

const root = document.getElementById('root')
if (root)
	createRoot(root).render(
		<StrictMode>
			<HawserProvider engine={openEngine()}>
				<DetailsProvider>
					<App />
				</DetailsProvider>
			</HawserProvider>
		</StrictMode>,
	)
