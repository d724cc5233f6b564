import '../ui/tokens.css'
import '../ui/base.css'
import { boot } from '../ui/boot.jsx'
boot('console', () => null)
