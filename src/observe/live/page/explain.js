// explain.js
