// exchanges.js
