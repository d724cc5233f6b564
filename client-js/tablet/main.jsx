import '../ui/tokens.css'
import '../ui/base.css'
import '../ui/decide.css'
import './tablet.css'
import { boot } from '../ui/boot.jsx'
import { App } from './App.jsx'

boot('tablet', App)
