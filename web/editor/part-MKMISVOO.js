import{a,b,c,d}from"./part-MY7ZL4Z3.js";import"./part-QG5GLMGV.js";import"./part-IHNXWOFM.js";export{d as css,b as cssCompletionSource,c as cssLanguage,a as defineCSSCompletionSource};
