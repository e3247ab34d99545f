// figures.js
