// records.js
