import { sequences } from './git-model-runs.ts'

sequences(2)
