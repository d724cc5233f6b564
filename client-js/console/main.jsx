import '../ui/tokens.css'
import '../ui/base.css'
import '../ui/decide.css'
import './console.css'
import { boot } from '../ui/boot.jsx'
import { App } from './App.jsx'

boot('console', App)
