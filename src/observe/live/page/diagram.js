// diagram.js
