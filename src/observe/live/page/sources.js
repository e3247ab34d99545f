// sources.js
